"""QEMU boards."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.emulators.process import BoardProcess, running
from pipeline.errors import DeviceError, ToolchainError
from pipeline.targets import Board

PROGRAM = "qemu-system-arm"


@contextmanager
def start(board: Board, elf: Path, log: Path) -> Iterator[BoardProcess]:
    """Runs an image; its serial port is a local socket. The CPU starts when the port is opened, so nothing is missed.

    Raises:
        ToolchainError: QEMU is not installed.
    """
    if shutil.which(PROGRAM) is None:
        raise ToolchainError(
            f"{PROGRAM} is not on PATH", f"sudo apt-get install {PROGRAM}, or use --target nano33 or host"
        )
    if board.machine is None:
        raise DeviceError(f"{board.target} is not a QEMU board")
    with socket.create_server(("127.0.0.1", 0), backlog=1) as listener:
        descriptor = listener.fileno()
        # one instruction is 64 ns of virtual time, whatever the host does: counts repeat exactly; an idle core sleeps
        options = "-display none -monitor none -net none -icount shift=6,align=off,sleep=on"
        serial = f"-chardev socket,id=uart,fd={descriptor},server=on,wait=on,nodelay=on -serial chardev:uart"
        command = [PROGRAM, "-M", board.machine, "-kernel", str(elf), *options.split(), *serial.split()]
        port = f"socket://127.0.0.1:{listener.getsockname()[1]}"
        with running("QEMU", command, port, log, pass_fds=(descriptor,)) as process:
            yield process
