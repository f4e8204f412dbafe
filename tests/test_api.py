"""``import pipeline``: quick, complete, and as docs/python.md shows it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import pipeline
from pipeline.project import PROJECT

PAGE = PROJECT / "docs" / "python.md"


def python(code: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=600, check=False,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_is_quick(tmp_path: Path):
    """Nothing but itself is loaded, and Ctrl-C stays a notebook's own."""
    said = python(
        "import signal, sys; import pipeline\n"
        "print([name for name in sys.modules if name.startswith('pipeline.') or name in ('numpy', 'keras', 'click')])\n"
        "print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)",
        tmp_path,
    )
    assert said.split("\n")[:2] == ["[]", "True"]


def test_all_names_are_there():
    for name in pipeline.__all__:
        assert getattr(pipeline, name) is not None
        assert name in dir(pipeline)
    with pytest.raises(AttributeError, match="no attribute 'train_modle'"):
        pipeline.train_modle  # type: ignore[attr-defined]  # noqa: B018


def test_the_page_names_every_function():
    page = PAGE.read_text("utf-8")
    assert {name for name in pipeline.__all__ if not name.startswith("__")} <= set(re.findall(r"\w+", page))


def test_a_reader_gets_through_the_page(tmp_path: Path):
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    said = python("\n".join(blocks), tmp_path)
    lines = said.splitlines()
    assert lines[0].startswith("('_silence_', '_unknown_', 'computer', 'stop_music') (")
    assert lines[1].startswith("4 bits: ")
    four, two = (float(line.split()[-1]) for line in lines[2:4])
    assert four > 0.3  # of four classes, by a network that was hardly trained
    assert 0 <= two <= 1
    assert any("computer" in line or "stop_music" in line for line in lines[4:]), said
    for name in ("words.tflite", "c/kws_model.c", "library/src/wake_word.h"):
        assert (tmp_path / name).is_file()


def test_mistakes_are_told_in_words(tmp_path: Path):
    for wrong in (
        lambda: pipeline.load_data(tmp_path / "absent", keywords="a"),
        lambda: pipeline.load_data(keywords=" , "),
        lambda: pipeline.load_data(recipe="absent"),
        lambda: pipeline.read_model(tmp_path / "absent.tflite"),
        lambda: pipeline.train_model(pipeline.load_data(), bits=3),
    ):
        with pytest.raises(pipeline.KwsError) as told:
            _ = wrong().corpus if isinstance(wrong(), pipeline.Data) else None
        assert told.value.hint
