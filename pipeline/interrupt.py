"""Ctrl-C before a command has begun: while it imports what it needs, which takes seconds, and reads its options."""

from __future__ import annotations

import os
import signal

TYPE_CHECKING = False  # imported, it would take the time in which Ctrl-C is still a traceback
if TYPE_CHECKING:
    from typing import NoReturn

STATUS = 130
"""Exit status of what Ctrl-C ended, as shells have it."""


def _end(*_: object) -> NoReturn:
    os.write(2, b"interrupted.\n")
    os._exit(STATUS)  # an exception could be lost, or shown, in the middle of an import


def end_at_once() -> None:
    """From now on Ctrl-C ends the program with a word and no traceback; nothing is tidied up.

    Where Ctrl-C is ignored, as by programs in the background, it stays so.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def end_in_order() -> None:
    """After :func:`end_at_once`: from now on Ctrl-C is a ``KeyboardInterrupt`` again."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)
