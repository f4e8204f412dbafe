"""A serial port with a fault: a pty whose other end reaches the device through a corrupting line."""

from __future__ import annotations

import contextlib
import heapq
import os
import select
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path

from lab.faults.corruption import Corruption
from lab.faults.devices import DEVICES, Device, give, take
from lab.faults.kinds import Event, Scenario
from pipeline.firmware import FirmwareImage


class Wire:
    """Runs one scenario between a port and a device, in a thread of its own.

    Args:
        path: name of the port, a symbolic link to the pty of the moment.
        stale: firmware that "replace" boots.
    """

    def __init__(self, path: Path, image: FirmwareImage, stale: FirmwareImage, faults: Scenario, seed: int) -> None:
        self.path = path
        self._stale = stale.elf
        starts_stale = any(event.action == "replace" and event.after < 0 for event in faults.events)
        self._device: Device = DEVICES[image.target]((stale if starts_stale else image).elf)
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
            device = self._device.fileno()
            readers = [device, *([self._master] if self._master >= 0 else [])]
            now = time.monotonic()
            times = [entry[0] for entry in (self._outgoing[:1] + self._due[:1])]
            ready, _, _ = select.select(readers, [], [], max(0.0, min([now + 0.02, *times]) - now))
            if self._master in ready:
                self._queue(self._to_device, take(self._master), to_host=False)
            if device in ready:
                data = take(device)
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
            if not to_host:
                give(self._device.fileno(), piece)
            elif self._master >= 0:
                give(self._master, piece)

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


@contextlib.contextmanager
def wired(path: Path, image: FirmwareImage, stale: FirmwareImage, faults: Scenario, seed: int) -> Iterator[Wire]:
    """A faulty port for the length of a ``with`` block."""
    wire = Wire(path, image, stale, faults, seed)
    try:
        yield wire
    finally:
        wire.close()
