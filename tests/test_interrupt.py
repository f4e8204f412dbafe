"""Ctrl-C while a command is still being imported."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.console import guarded
from pipeline.interrupt import end_at_once
from pipeline.project import PACKAGE

COMMANDS = {
    "dynq": ("-c", "from pipeline.__main__ import main; main()"),
    **{
        f"pipeline{name}": ("-m", f"pipeline{name}")
        for name in ("", ".build", ".board", ".listen", ".record", ".tune", ".experiment", ".search")
    },
}
SLOW = "import time\nprint('importing', flush=True)\ntime.sleep(600)\n"


@pytest.fixture
def slow(tmp_path: Path) -> dict[str, str]:
    """An environment in which whoever imports click waits."""
    (tmp_path / "click.py").write_text(SLOW)
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(PACKAGE.parent)])}


def interrupted(arguments: tuple[str, ...], environment: dict[str, str], **how: object) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "importing\n"
    process.send_signal(signal.SIGINT)
    return process


def ignores() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@pytest.mark.parametrize("command", COMMANDS)
def test_it_ends_with_a_word_and_no_traceback(command: str, slow: dict[str, str]) -> None:
    process = interrupted(COMMANDS[command], slow)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "interrupted.\n")


def test_a_command_in_the_background_goes_on_ignoring_it(slow: dict[str, str]) -> None:
    process = interrupted(COMMANDS["pipeline.build"], slow, preexec_fn=ignores)
    with pytest.raises(subprocess.TimeoutExpired):
        process.communicate(timeout=1)
    process.kill()
    process.communicate()


def test_a_command_that_has_begun_ends_in_order() -> None:
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        end_at_once()
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        with guarded():
            assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, usual)
