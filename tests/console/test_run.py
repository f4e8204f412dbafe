"""Mistakes end in a message with a hint and an exit status; bugs keep their traceback."""

from __future__ import annotations

import pytest

from pipeline.console import guarded
from pipeline.errors import CorpusError, UsageError


def exit_code(error: BaseException) -> object:
    with pytest.raises(SystemExit) as caught, guarded():
        raise error
    return caught.value.code


def test_error_shows_message_and_hint(capfd):
    assert exit_code(CorpusError("no folder [x]", "make one")) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert "no folder [x]" in err
    assert "make one" in err
    assert "Traceback" not in err


def test_exit_codes(capfd):
    assert exit_code(UsageError("no")) == 2
    assert exit_code(KeyboardInterrupt()) == 130
    assert exit_code(FileNotFoundError(2, "No such file", "x.wav")) == 1
    assert "run the same command again" in capfd.readouterr().err


def test_bugs_keep_their_traceback():
    with pytest.raises(ZeroDivisionError), guarded():
        raise ZeroDivisionError
