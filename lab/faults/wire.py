"""A serial port with a fault: a pty whose other end reaches the device through a corrupting line."""

from __future__ import annotations

import contextlib
import heapq
import os
import select
import signal
import socket
import subprocess
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path

from lab.faults.corruption import Corruption
from lab.faults.kinds import Event, Scenario

_READ_BYTES = 4096


class _HostDevice:
    """The firmware as a Linux program at the end of a socket."""

    def __init__(self, program: Path) -> None:
        self.crashes = 0
        self._boot(program)

    def _boot(self, program: Path) -> None:
        self.program = program
        ours, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            [str(program)],
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        self.socket = ours

    def restart(self, program: Path | None = None) -> None:
        """Power off and on, perhaps with another firmware."""
        self.stop()
        self._boot(program or self.program)

    def freeze(self, frozen: bool) -> None:
        """Stops it where it is, or lets it go on."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGSTOP if frozen else signal.SIGCONT)

    def stop(self) -> None:
        """Ends it; one that had ended by itself with an error counts as a crash."""
        self._process.kill()
        self.crashes += self._process.wait() not in (0, -signal.SIGKILL)
        self.socket.close()


class Wire:
    """Runs one scenario between a port and a device, in a thread of its own.

    Args:
        path: name of the port, a symbolic link to the pty of the moment.
        stale: firmware that "replace" boots.
    """

    def __init__(self, path: Path, program: Path, stale: Path, faults: Scenario, seed: int) -> None:
        self.path = path
        self._stale = stale
        starts_stale = any(event.action == "replace" and event.after < 0 for event in faults.events)
        self._device = _HostDevice(stale if starts_stale else program)
        self._to_device = Corruption(faults.rates, 2 * seed)
        self._to_host = Corruption(faults.rates, 2 * seed + 1)
        self._events = sorted((event for event in faults.events if event.after >= 0), key=lambda event: event.after)
        self._due: list[tuple[float, int, str]] = []  # when, order, what ends then
        self._outgoing: list[tuple[float, int, bytes, bool]] = []  # when, order, bytes, to the host
        self._order = 0
        self._last = [0.0, 0.0]
        self._sent = 0
        self._master = self._slave = -1
        self._plug_in()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wire", daemon=True)
        self._thread.start()

    @property
    def crashes(self) -> int:
        """Times that the device's program ended by itself."""
        return self._device.crashes

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._device.stop()
        self._unplug()

    def _plug_in(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._master)
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(self._slave))

    def _unplug(self) -> None:
        self.path.unlink(missing_ok=True)
        if self._master >= 0:
            os.close(self._master)
            os.close(self._slave)
            self._master = self._slave = -1

    def _run(self) -> None:
        while not self._stop.is_set():
            device = self._device.socket.fileno()
            readers = [device, *([self._master] if self._master >= 0 else [])]
            now = time.monotonic()
            times = [entry[0] for entry in (self._outgoing[:1] + self._due[:1])]
            ready, _, _ = select.select(readers, [], [], max(0.0, min([now + 0.02, *times]) - now))
            if self._master in ready:
                self._queue(self._to_device, _read(self._master), to_host=False)
            if device in ready:
                data = _read(device)
                if not data:  # the program ended: stop() sees whether it crashed
                    self._device.restart()
                self._sent += len(data)
                self._queue(self._to_host, data, to_host=True)
            self._deliver()
            self._act()

    def _queue(self, corruption: Corruption, data: bytes, *, to_host: bool) -> None:
        when = max(time.monotonic(), self._last[to_host])
        for wait, piece in corruption.pieces(corruption.corrupt(data)):
            when += wait
            self._order += 1
            heapq.heappush(self._outgoing, (when, self._order, piece, to_host))
        self._last[to_host] = when

    def _deliver(self) -> None:
        while self._outgoing and self._outgoing[0][0] <= time.monotonic():
            _, _, piece, to_host = heapq.heappop(self._outgoing)
            with contextlib.suppress(OSError):  # nobody there: lost
                if not to_host:
                    self._device.socket.sendall(piece)
                elif self._master >= 0:
                    os.write(self._master, piece)

    def _act(self) -> None:
        while self._events and self._events[0].after <= self._sent:
            self._begin(self._events.pop(0))
        while self._due and self._due[0][0] <= time.monotonic():
            action = heapq.heappop(self._due)[2]
            if action == "freeze":
                self._device.freeze(False)
            else:
                self._plug_in()

    def _begin(self, event: Event) -> None:
        if event.action == "reset":
            self._device.restart()
        elif event.action == "replace":
            self._device.restart(self._stale)
        elif event.action == "freeze":
            self._device.freeze(True)
        else:
            self._unplug()
        if event.seconds is not None:
            self._order += 1
            heapq.heappush(self._due, (time.monotonic() + event.seconds, self._order, event.action))


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _READ_BYTES)
    except OSError:
        return b""


@contextlib.contextmanager
def wired(path: Path, program: Path, stale: Path, faults: Scenario, seed: int) -> Iterator[Wire]:
    """A faulty port for the length of a ``with`` block."""
    wire = Wire(path, program, stale, faults, seed)
    try:
        yield wire
    finally:
        wire.close()
