"""The firmware as a Linux program, its serial port a pty."""

from __future__ import annotations

import os
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

from pipeline.boards import Board, TimeUnit
from pipeline.emulators.process import BoardProcess, running


@contextmanager
def start(_: Board, program: Path) -> Iterator[BoardProcess]:
    """Runs an image built for the target ``host``."""
    ours, theirs = os.openpty()
    try:
        # `theirs` stays open here, so that the program does not see a hang-up between two users of the port
        tty.setraw(theirs)
        log = program.with_suffix(".log")
        with running(program.name, [str(program)], os.ttyname(theirs), log, stdin=ours, stdout=ours) as process:
            yield process
    finally:
        os.close(ours)
        os.close(theirs)


def unit(tick_hz: int) -> TimeUnit:
    """Time as it passes."""
    return TimeUnit("microseconds", Fraction(1_000_000, tick_hz))
