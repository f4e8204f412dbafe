"""What native libraries write past Python is seen where it explains a failure, and nowhere else."""

from __future__ import annotations

import os

import pytest

from pipeline.workflow.native import held_back_stderr


def test_notes_are_held_back_while_all_is_well(capfd: pytest.CaptureFixture[str]) -> None:
    with held_back_stderr():
        os.write(2, b"INFO: made something\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_notes_before_a_failure_are_shown(capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        with held_back_stderr():
            os.write(2, b"no such driver\n")
            raise ImportError

    with pytest.raises(ImportError):
        fail()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "no such driver\nafter\n"
