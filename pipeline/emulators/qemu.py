"""QEMU boards."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

from pipeline.boards import Board, TimeUnit
from pipeline.emulators.process import BoardProcess, running
from pipeline.errors import ToolchainError

PROGRAM = "qemu-system-arm"
_ICOUNT_SHIFT = 6
"""An instruction takes 2^6 ns of virtual time, whatever the host does: counts repeat exactly."""
_NO_ESCAPE = 256
"""Escape character of a multiplexer, of which none is wanted: no byte has this value."""


def version() -> str:
    """First line of what QEMU says about itself; empty when it is not installed."""
    if shutil.which(PROGRAM) is None:
        return ""
    answer = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, timeout=60, check=False)
    return answer.stdout.partition("\n")[0]


def check() -> None:
    """Looks for the program.

    Raises:
        ToolchainError: QEMU is not installed.
    """
    if shutil.which(PROGRAM) is None:
        raise ToolchainError(
            f"{PROGRAM} is not on PATH", f"sudo apt-get install {PROGRAM}, or use --target nano33 or host"
        )


@contextmanager
def start(board: Board, elf: Path) -> Iterator[BoardProcess]:
    """Runs an image; its serial port is a local socket. The CPU starts when the port is opened, so nothing is missed.

    Raises:
        ToolchainError: QEMU is not installed.
    """
    check()
    with socket.create_server(("127.0.0.1", 0), backlog=1) as listener:
        descriptor = listener.fileno()
        options = f"-display none -monitor none -net none -icount shift={_ICOUNT_SHIFT},align=off,sleep=on"
        # mux: its buffer hands the UART 32 bytes in a row; without it each takes a turn of QEMU's two threads
        serial = f"-chardev socket,id=uart,fd={descriptor},server=on,wait=on,nodelay=on,mux=on -serial chardev:uart"
        serial += f" -echr {_NO_ESCAPE}"
        command = [PROGRAM, "-M", board.machine, "-kernel", str(elf), *options.split(), *serial.split()]
        port = f"socket://127.0.0.1:{listener.getsockname()[1]}"
        with running("QEMU", command, port, elf.with_suffix(".log"), pass_fds=(descriptor,)) as process:
            yield process


def unit(tick_hz: int) -> TimeUnit:
    """Instructions: a board's timers count at their own rates in the time that each of them takes."""
    return TimeUnit("instructions", Fraction(10**9, tick_hz << _ICOUNT_SHIFT))
