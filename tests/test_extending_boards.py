"""docs/extending.md, "A board on a known core" and "A new core", done in a copy as they are written there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.extending import blocks, copy_project, insert_before, run

BOARDS_END = '    Board("host",'
CORES_END = '    )\n}\n"""By ``cpu``."""'
TRY = """
import sys
from pathlib import Path
import numpy as np
from pipeline.boards import board
from pipeline.device import open_device, run_test
from pipeline.export import write_c_arrays
from pipeline.firmware import build_firmware
from pipeline.layers import logits
from tests.conftest import make_model
target, folder = sys.argv[1], Path(sys.argv[2])
model = make_model(4, widths=(33, 17))
write_c_arrays(model, board(target).core.variant, folder / "c", source_hash="0" * 64)
rows = np.random.default_rng(1).integers(-128, 128, (6, model.inputs)).astype(np.int8)
with open_device(target, build_firmware(target, folder / "c", folder)) as device:
    result = run_test(device, model, rows)
print(device.build.board, device.build.kernels, result.unit, result.logits.tobytes() == logits(model, rows).tobytes())
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    parts = ("tests/__init__.py", "tests/conftest.py", "tests/test_boards.py")
    return copy_project(tmp_path / "project", *parts)


def add_board(copy: Path) -> None:
    script, name, manifest, environment, row = blocks("A board on a known core", ["ld", "c", "json", "ini", "python"])
    (copy / "firmware/boards/mps2/mps2_an511.ld").write_text(script)
    insert_before(copy / "firmware/boards/mps2/mps2.h", '#else\n#error "unknown MPS2 image"', name)
    (copy / "firmware/platform/boards/mps2_an511.json").write_text(manifest)
    with (copy / "platformio.ini").open("a") as file:
        file.write("\n" + environment)
    insert_before(copy / "pipeline/boards.py", BOARDS_END, f"    {row.strip()},\n")


def test_a_board_is_a_manifest_a_linker_script_and_a_row(copy: Path, tmp_path: Path) -> None:
    add_board(copy)
    assert " passed" in run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_boards.py")
    assert run(copy, "-c", TRY, "an511", str(tmp_path)) == "mps2_an511 scalar instructions True\n"


def test_a_core_is_a_row(copy: Path, tmp_path: Path) -> None:
    (row,) = blocks("A new core", ["python"])
    insert_before(copy / "pipeline/cores.py", CORES_END, f"        {row.strip()},\n")
    manifest = copy / "firmware/platform/boards/mps2_an505.json"
    manifest.write_text(manifest.read_text().replace("cortex-m33", "cortex-m23"))
    assert " passed" in run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_boards.py")
    assert run(copy, "-c", TRY, "qemu_m33", str(tmp_path)) == "mps2_an505 scalar instructions True\n"
