"""Where the virtual board's UART ends: a pseudo-terminal, or any connected file descriptor."""

from __future__ import annotations

import contextlib
import os
import select
import tty

_STALLED_SECONDS = 1.0


class DescriptorLine:
    """A serial line over a file descriptor of a pty or socket.

    Bytes that nobody fetches are dropped, as on a wire: after the other end has taken nothing for a second, output is
    lost until it takes something again.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._stalled = False
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        os.set_blocking(descriptor, False)

    def read(self, limit: int, wait_seconds: float) -> bytes:
        ready, _, _ = select.select([self._descriptor, self._wake_read], [], [], wait_seconds)
        if self._wake_read in ready:
            os.read(self._wake_read, 64)
        if self._descriptor not in ready:
            return b""
        try:
            return os.read(self._descriptor, limit)
        except OSError:
            return b""

    def write(self, data: bytes) -> None:
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
                self._stalled = False
            except BlockingIOError:
                if self._stalled or not select.select([], [self._descriptor], [], _STALLED_SECONDS)[1]:
                    self._stalled = True
                    return
            except OSError:
                return

    def wake(self) -> None:
        """Ends a waiting :meth:`read`; safe from another thread."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_write, b"!")

    def close(self) -> None:
        for descriptor in (self._descriptor, self._wake_read, self._wake_write):
            os.close(descriptor)


class PseudoTerminal(DescriptorLine):
    """A pty in raw mode; ``path`` is what a program opens as its serial port.

    The other side is kept open here too, so that a program may close and open the port again.
    """

    def __init__(self) -> None:
        master, self._slave = os.openpty()
        tty.setraw(master)
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        super().__init__(master)

    def close(self) -> None:
        super().close()
        os.close(self._slave)
