"""The firmware as a Linux program, its serial port a pty."""

from __future__ import annotations

import os
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.emulators.process import BoardProcess, running


@contextmanager
def start(program: Path, log: Path) -> Iterator[BoardProcess]:
    """Runs an image built for the target ``host``."""
    ours, theirs = os.openpty()
    try:
        tty.setraw(
            theirs
        )  # `theirs` stays open here, so that the program does not see a hang-up between two users of the port
        with running(program.name, [str(program)], os.ttyname(theirs), log, stdin=ours, stdout=ours) as process:
            yield process
    finally:
        os.close(ours)
        os.close(theirs)
