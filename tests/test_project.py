"""Where the project's files are, in a checkout and installed."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from pipeline import project
from tests.conftest import LONG, TESTS


def test_the_project_is_the_checkout_when_there_is_one():
    checkout = Path(__file__).resolve().parents[1]
    assert checkout == project.PROJECT
    assert (project.PROJECT / "firmware" / "lib" / "dynq").is_dir()


def test_a_cache_that_cannot_be_written_falls_back_to_a_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    blocker = tmp_path / "file"
    blocker.write_text("not a folder")
    monkeypatch.setenv("DYNQ_CACHE", str(blocker))
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    folder = project.cache_folder("native")
    assert folder.is_relative_to(tmp_path)
    assert folder.is_dir()


def test_the_test_files_to_begin_with_are_there() -> None:
    """Not in ``conftest.py``: copies of the project hold some of the tests only."""
    assert [name for name in LONG.split() if not (TESTS / f"{name}.py").is_file()] == []
