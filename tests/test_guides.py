"""What documents tell a reader to type works when it is typed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

from pipeline.export import write_tflite
from pipeline.project import PROJECT
from tests.device.test_audio import audio
from tests.export.library.builds import listening_model

BLOCK = re.compile(r"^<!-- run -->\n```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DOCUMENTS = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]


def followed() -> Iterator[object]:
    """Documents with blocks that are to be run, one after another as a reader would."""
    for path in DOCUMENTS:
        if blocks := BLOCK.findall(path.read_text("utf-8")):
            yield pytest.param(blocks, id=path.stem)


@pytest.mark.parametrize("blocks", list(followed()))
def test_a_reader_gets_through(blocks: list[str], tmp_path: Path) -> None:
    if shutil.which("cmake") is None and any("cmake " in block for block in blocks):
        pytest.skip("no CMake")
    write_tflite(listening_model(4), tmp_path / "MODEL.tflite")
    soundfile.write(tmp_path / "talk.wav", audio(3), 16_000)
    settings = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(PROJECT),
        "COLUMNS": "120",
    }
    for block in blocks:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block], cwd=tmp_path, env=settings, text=True, timeout=300, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert done.returncode == 0, f"{block}\n{done.stdout}"
