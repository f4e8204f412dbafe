"""The serial link: one thread reads lines into a queue, commands wait for theirs with a timeout.

The same for a board's port, a pty and an emulator's socket (``serial_for_url``).
"""

from __future__ import annotations

import queue
import select
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

import serial

from pipeline.errors import DeviceError
from pipeline.protocol.declared import BAUD
from pipeline.protocol.frames import END
from pipeline.protocol.registry import registry

READY = registry().lines["Ready"].text
_SPOKEN = tuple(registry().lines[name].pieces[0] for name in registry().spoken)
LINE_MAX = 65_536
"""A line longer than this is noise."""
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Timing:
    """How many seconds the link waits for what. The defaults fit a board at 115200 baud.

    Attributes:
        answer: for a command's ``m-ready``.
        resynchronise: for a device to become quiet after something went wrong.
        prod: for a silent device, before it is prodded again.
        quiet: without a line, after which the device has nothing more to say.
        reopen: for a port that disappeared.
        banner: for a device to boot.
    """

    answer: float = 5.0
    resynchronise: float = 2.0
    prod: float = 0.5
    quiet: float = 0.1
    reopen: float = 10.0
    banner: float = 10.0


DEFAULT_TIMING = Timing()


class NoAnswer(DeviceError):
    """The device did not say m-ready in time. It may have missed the command: resynchronise and ask again."""

    def __init__(self, message: str, lines: list[str]) -> None:
        super().__init__(message, "check that the board runs this project's firmware, at 115200 baud")
        self.lines = lines


class LinkClosed(DeviceError):
    """The port is gone."""


class Link:
    """An open serial link.

    Lines that a device says by itself, between answers, are kept apart: see :meth:`spoken`.

    Args:
        url: device path or pyserial URL.
        baud: of a real serial port.
        failure: says why the other end cannot answer any more (a dead emulator), or None while it can.
        timing: how long it waits.

    Raises:
        DeviceError: the port does not exist, or another program holds it.
    """

    def __init__(
        self,
        url: str,
        *,
        baud: int = BAUD,
        failure: Callable[[], str | None] = lambda: None,
        timing: Timing = DEFAULT_TIMING,
    ) -> None:
        self.url = url
        self.baud = baud
        self.timing = timing
        self._failure = failure
        self._open()

    def _open(self) -> None:
        try:
            exclusive = None if "://" in self.url else True
            self._port = serial.serial_for_url(
                self.url, baudrate=self.baud, timeout=0, write_timeout=10, exclusive=exclusive
            )
        except (serial.SerialException, OSError, ValueError) as error:
            raise _cannot_open(self.url, error) from None
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._spoken: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._gone = ""
        self._thread = threading.Thread(target=self._read, name=f"serial {self.url}", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        partial = bytearray()
        while not self._stop.is_set():
            try:
                ready, _, _ = select.select([self._port.fileno()], [], [], _POLL_SECONDS)
                received = self._port.read(4096) if ready else b""
                if ready and not received:
                    raise serial.SerialException("end of file")
            except (serial.SerialException, OSError, ValueError, TypeError) as error:
                self._gone = str(error) or type(error).__name__
                self._lines.put(None)
                return
            partial += received
            *lines, rest = partial.split(b"\n")
            for line in lines:
                text = line.rstrip(b"\r").decode("latin-1")
                (self._spoken if text.startswith(_SPOKEN) else self._lines).put(text)
            partial = bytearray(rest[-LINE_MAX:])

    def __enter__(self) -> Link:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stops the reader and closes the port."""
        self._stop.set()
        self._thread.join(timeout=2)
        self._port.close()

    def reopen(self) -> None:
        """Waits for a port that disappeared to come back.

        Raises:
            DeviceError: it did not within ``timing.reopen``, or the emulator behind it is dead.
        """
        self.close()
        seconds = self.timing.reopen
        deadline = time.monotonic() + seconds
        while True:
            self._check()
            try:
                return self._open()
            except DeviceError as error:
                if time.monotonic() > deadline:
                    raise DeviceError(
                        f"{self.url} disappeared and did not come back within {seconds:g} s ({error.message})",
                        "check the cable and the board's power",
                    ) from None
            time.sleep(seconds / 50)

    def _check(self) -> None:
        reason = self._failure()
        if reason is not None:
            raise DeviceError(reason)

    def write(self, data: bytes) -> None:
        """Sends bytes.

        Raises:
            LinkClosed: the port is gone.
            DeviceError: the emulator behind it is dead.
        """
        try:
            self._port.write(data)
        except (serial.SerialException, OSError, ValueError) as error:
            self._check()
            raise LinkClosed(f"{self.url} is gone: {error}") from None

    def line(self, deadline: float) -> str | None:
        """The next line, or None at ``deadline`` (of ``time.monotonic``)."""
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, min(0.5, deadline - time.monotonic())))
            except queue.Empty:
                self._check()
                if time.monotonic() >= deadline:
                    return None
                continue
            if line is None:
                self._lines.put(None)  # for the next caller too
                self._check()
                raise LinkClosed(f"{self.url} is gone: {self._gone}")
            return line

    def spoken(self, deadline: float) -> str | None:
        """The next line that the device said by itself, or None when there is none by ``deadline``.

        Raises:
            LinkClosed: the port is gone.
            DeviceError: the emulator behind it is dead.
        """
        while True:
            try:
                return self._spoken.get(timeout=max(0.0, min(0.5, deadline - time.monotonic())))
            except queue.Empty:
                self._check()
                if self._gone:
                    raise LinkClosed(f"{self.url} is gone: {self._gone}") from None
                if time.monotonic() >= deadline:
                    return None

    def expect_ready(self, seconds: float) -> list[str]:
        """Lines up to ``m-ready``, without it.

        Raises:
            NoAnswer: it did not come in time.
        """
        deadline = time.monotonic() + seconds
        lines: list[str] = []
        while (line := self.line(deadline)) != READY:
            if line is None:
                raise NoAnswer(f"{self.url} did not answer within {seconds:g} s", lines)
            lines.append(line)
        return lines

    def exchange(self, data: bytes, seconds: float) -> list[str]:
        """Sends a command and returns the lines of its answer, without ``m-ready``.

        Lines that were waiting before belong to nothing asked now and are dropped.
        """
        self._drop_waiting()
        self.write(data)
        return self.expect_ready(seconds)

    def _drop_waiting(self) -> None:
        while not self._lines.empty():
            if self._lines.get() is None:
                self._lines.put(None)
                self._check()
                raise LinkClosed(f"{self.url} is gone: {self._gone}")

    def resynchronise(self, seconds: float | None = None) -> None:
        """Ends whatever command is half sent and waits until the device has nothing more to say.

        Raises:
            NoAnswer: the device stays silent, or never stops.
        """
        deadline = time.monotonic() + (self.timing.resynchronise if seconds is None else seconds)
        alive = False
        heard: list[str] = []
        while time.monotonic() < deadline:
            self.write(END)
            quiet = min(time.monotonic() + self.timing.prod, deadline)
            while (line := self.line(quiet)) is not None and time.monotonic() < deadline:
                alive = alive or line == READY
                heard.append(line)
                quiet = time.monotonic() + self.timing.quiet
            if alive and line is None:
                return
        raise NoAnswer(f"{self.url} does not answer", heard)


def _cannot_open(url: str, error: Exception) -> DeviceError:
    text = str(error)
    if "lock" in text.lower() or "temporarily unavailable" in text.lower():
        return DeviceError(f"another program holds {url}", "close the serial monitor, or name another --port")
    if "ermission" in text:
        return DeviceError(f"no permission to open {url}", "sudo usermod -aG dialout $USER, then log in again")
    if isinstance(error, FileNotFoundError) or "No such file" in text:
        return DeviceError(f"there is no port {url}", "plug the board in; `pio device list` shows the ports")
    return DeviceError(f"cannot open {url}: {text}", "`pio device list` shows the ports")
