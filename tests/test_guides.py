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
MARK = re.compile(
    r"<!-- (run|needs (hardware|internet|TensorFlow Lite Micro|the MLPerf Tiny runner)|tested by (.+)) -->"
)
COMMAND = re.compile(r"(?:\w+=\S+ )?(?:python|pio|make|cmake|dynq|pip|arecord|cp|mkdir|cd) ")
DOCUMENTS = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]


def followed() -> Iterator[object]:
    """Documents with blocks that are to be run, one after another as a reader would."""
    for path in DOCUMENTS:
        if blocks := BLOCK.findall(path.read_text("utf-8")):
            yield pytest.param(blocks, id=path.stem)


def shell_blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    """What stands before each block of commands, fenced or indented, and its lines."""
    before, block, fence = "", [], ""
    for line in [*text.splitlines(), ""]:
        if line.startswith("```") and fence:
            if fence == "```sh":
                yield before, block
            before, block, fence = "", [], ""
        elif fence:
            block.append(line)
        elif line.startswith("```"):
            fence = line
        elif line.startswith("    ") and (block or COMMAND.match(line.strip())):
            block.append(line.strip())
        else:
            if block:
                yield before, block
            before, block = (before if not line.strip() and not block else line.strip()), []


def test_blocks_are_found() -> None:
    text = "a\n```sh\nmake x\n```\nb\n<!-- run -->\n\n    pio run\n    more\n\n    int c;\n```c\nmake();\n```\n"
    assert list(shell_blocks(text)) == [("a", ["make x"]), ("<!-- run -->", ["pio run", "more"])]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_every_command_is_run_or_says_why_not(path: Path) -> None:
    for before, block in shell_blocks(path.read_text("utf-8")):
        mark = MARK.fullmatch(before)
        assert mark, f"{path.name}: how is it known that this works? {block}"
        if mark[1] == "run":
            assert "\n".join([*block, ""]) in BLOCK.findall(path.read_text("utf-8")), "only fenced blocks are run"
        elif mark[3]:
            tested = "".join((PROJECT / name).read_text("utf-8") for name in mark[3].split())
            for module in re.findall(r"python -m [\w.]*?(\w+) ", "\n".join(block)):
                assert module in tested, f"{path.name}: {mark[3]} does not mention {module}"


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
