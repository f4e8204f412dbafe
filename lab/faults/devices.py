"""Devices at the far end of a bad line: the firmware as a Linux program, and the virtual board."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import tty
from pathlib import Path
from typing import Protocol

from pipeline.emulators.nrf52840.process import VirtualBoard
from pipeline.errors import DeviceError

_READ_BYTES = 4096


class Device(Protocol):
    """A device that is on.

    Attributes:
        crashes: times that it ended by itself with an error.
    """

    crashes: int

    def fileno(self) -> int:
        """Descriptor of its serial line."""

    def restart(self, program: Path | None = None) -> None:
        """Resets it, or boots another firmware."""

    def freeze(self, frozen: bool) -> None:
        """Stops it where it is, or lets it go on."""

    def stop(self) -> None:
        """Ends it; one that had ended by itself with an error counts as a crash."""


class HostDevice:
    """The firmware as a Linux program at the end of a socket."""

    def __init__(self, program: Path) -> None:
        self.crashes = 0
        self._boot(program)

    def _boot(self, program: Path) -> None:
        self._program = program
        ours, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            [str(program)],
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        self._socket = ours

    def fileno(self) -> int:
        return self._socket.fileno()

    def restart(self, program: Path | None = None) -> None:
        self.stop()
        self._boot(program or self._program)

    def freeze(self, frozen: bool) -> None:
        _freeze(self._process.pid, frozen)

    def stop(self) -> None:
        self._process.kill()
        self.crashes += self._process.wait() not in (0, -signal.SIGKILL)
        self._socket.close()


class VirtualDevice:
    """The Nano 33 BLE's own image, drivers and all, on the virtual board; a fault of its program is a crash."""

    def __init__(self, image: Path) -> None:
        self.crashes = 0
        self._boot(image)

    def _boot(self, image: Path) -> None:
        self._image = image
        self._board = VirtualBoard(image)
        self._line = os.open(self._board.port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._line)

    def fileno(self) -> int:
        return self._line

    def restart(self, program: Path | None = None) -> None:
        if program is not None or not self._reset():
            self.stop()
            self._boot(program or self._image)

    def _reset(self) -> bool:
        """Presses the button; false where it has ended by itself."""
        try:
            self._board.press_reset()
        except DeviceError:
            return False
        return True

    def freeze(self, frozen: bool) -> None:
        _freeze(self._board.pid, frozen)

    def stop(self) -> None:
        self.freeze(False)
        self.crashes += self._board.failure() is not None
        os.close(self._line)
        self._board.stop()


DEVICES: dict[str, type[HostDevice] | type[VirtualDevice]] = {"host": HostDevice, "nano33": VirtualDevice}
"""By the target of their image."""


def _freeze(pid: int, frozen: bool) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP if frozen else signal.SIGCONT)


def take(descriptor: int) -> bytes:
    """What has arrived at a line's end; nothing where it is gone."""
    try:
        return os.read(descriptor, _READ_BYTES)
    except OSError:
        return b""


def give(descriptor: int, data: bytes) -> None:
    """Sends bytes; what nobody takes is lost, as on a wire."""
    with contextlib.suppress(OSError):
        while data:
            data = data[os.write(descriptor, data) :]
