"""docs/extending.md, "A serial command", done in a copy of the project as it is written there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.export import write_c_arrays
from tests.conftest import make_model
from tests.extending import blocks, copy_project, run

ASK = """
import sys
from pathlib import Path
from pipeline.device import open_device
from pipeline.firmware import build_firmware
from pipeline.protocol.declared import BeepCount
folder = Path(sys.argv[1])
with open_device("host", build_firmware("host", folder / "c", folder / "image")) as device:
    {test}
    print(device.client.link.exchange(b"beep%", 5), device.client.link.exchange(b"help%", 5)[-1])
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_project(tmp_path_factory.mktemp("project"), "tools", "docs")


def test_a_serial_command_is_a_registry_entry_and_a_function(copy: Path, tmp_path: Path):
    line, command, function, test = blocks("A serial command", ["toml", "toml", "c", "python"])

    registry = copy / "pipeline" / "protocol" / "registry.toml"
    registry.write_text(registry.read_text().replace("[lines]\n", f"[lines]\n{line}") + "\n" + command)
    with (copy / "firmware" / "app" / "server_info.c").open("a") as file:
        file.write("\n" + function)
    run(copy, "-m", "tools.protocol_files")

    write_c_arrays(make_model(), "reference", tmp_path / "c", source_hash="0" * 64)
    said = run(copy, "-c", ASK.format(test=test.strip()), str(tmp_path))
    assert re.fullmatch(r"\['m-beep-\[3\]#[0-9a-f]{8}'\] beep%\n", said), said
    assert "| `beep%` | Counts. | BeepCount |" in (copy / "docs" / "protocol.md").read_text()
