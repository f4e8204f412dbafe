"""UART0 without EasyDMA."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from pipeline.emulators.nrf52840.peripherals import Peripheral
from pipeline.emulators.nrf52840.timers import Clock


class Uart(Peripheral):
    """Received bytes come in bursts, on average as fast as at 1 Mbaud."""

    name = "UART0"
    irq = 2
    BURST = 64
    CYCLES_PER_BYTE = 640
    _RXDRDY, _TXDRDY, _INTENSET, _INTENCLR = 0x108, 0x11C, 0x304, 0x308
    _ENABLE, _RXD, _TXD = 0x500, 0x518, 0x51C
    stored = frozenset({0x104, 0x124, 0x144, 0x200, 0x480, _ENABLE, 0x508, 0x50C, 0x510, 0x514, 0x524, 0x56C})

    def __init__(self, clock: Clock, send: Callable[[int], None]) -> None:
        super().__init__()
        self._clock = clock
        self._send = send
        self._line: deque[int] = deque()
        self.reset()

    def reset(self) -> None:
        super().reset()
        self._fifo: deque[int] = deque()
        self._line.clear()
        self._ready = self._sent = self._interrupts = 0
        self._receiving = self._sending = False
        self._next_burst = 0

    def receive(self, data: bytes) -> None:
        """Bytes arrive at the RXD pin; they are lost while the receiver is off, as on the wire."""
        if self._receiving:
            self._line += data
            self.advance()

    def room(self) -> int:
        """How many bytes the line takes; the rest waits with the sender."""
        return 4096 - len(self._line)

    def advance(self) -> None:
        now = self._clock.now()
        if self._line and not self._fifo and now >= self._next_burst:
            count = min(self.BURST, len(self._line))
            self._fifo.extend(self._line.popleft() for _ in range(count))
            self._next_burst = now + count * self.CYCLES_PER_BYTE
            self._ready = 1

    def deadline(self) -> int | None:
        return self._next_burst if self._line and not self._fifo else None

    def pending(self) -> bool:
        return bool(self._ready and self._interrupts & 1 << 2)

    def read(self, offset: int) -> int:
        if offset == self._RXDRDY:
            return self._ready
        if offset == self._TXDRDY:
            return self._sent
        if offset == self._RXD:
            byte = self._fifo.popleft() if self._fifo else 0
            self._ready |= bool(self._fifo)
            return byte
        if offset in (self._INTENSET, self._INTENCLR):
            return self._interrupts
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        if offset == self._TXD:
            if self._sending and self.registers.get(self._ENABLE) == 4:
                self._send(value & 0xFF)
                self._sent = 1
        elif offset == self._TXDRDY:
            self._sent = value
        elif offset == self._RXDRDY:
            self._ready = value
        elif offset in (0x000, 0x004):  # STARTRX, STOPRX
            self._receiving = offset == 0x000 and self.registers.get(self._ENABLE) == 4
        elif offset in (0x008, 0x00C):  # STARTTX, STOPTX
            self._sending = offset == 0x008
        elif offset == self._INTENSET:
            self._interrupts |= value
            self.changed()
        elif offset == self._INTENCLR:
            self._interrupts &= ~value
        else:
            super().write(offset, value)
