"""UART0 without EasyDMA."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.emulators.nrf52840.peripherals import Peripheral
from pipeline.emulators.nrf52840.timers import CYCLES_PER_SECOND, Clock


@dataclass(frozen=True)
class Wiring:
    """The pins that a board's serial line is on, ``32 * port + number``."""

    tx: int
    rx: int


NANO33 = Wiring(tx=35, rx=42)
"""Arduino Nano 33 BLE: P1.03 and P1.10, the header's D1 and D0."""
DEVELOPMENT_KIT = Wiring(tx=6, rx=8)
"""nRF52840-DK: P0.06 and P0.08, to its debugger."""


class Uart(Peripheral):
    """The other end of the line keeps 115,200 baud: at another rate, or timed by anything but the crystal, bytes arrive
    as others; on other pins they do not. They come by as many as the FIFO holds, on average as fast as on a line; a
    byte sent takes as long, and one written meanwhile is lost. Time passes at once when the program asks whether a byte
    has left.

    Args:
        send: takes each byte that reaches the line.
        on_crystal: whether the chip's clock comes from its crystal.
    """

    name = "UART0"
    irq = 2
    FIFO = 6
    CYCLES_PER_BYTE = 10 * CYCLES_PER_SECOND // 115_200
    TASKS_STARTRX, TASKS_STOPRX, TASKS_STARTTX, TASKS_STOPTX = 0x000, 0x004, 0x008, 0x00C
    EVENTS_NCTS, EVENTS_RXDRDY, EVENTS_TXDRDY, EVENTS_ERROR, EVENTS_RXTO = 0x104, 0x108, 0x11C, 0x124, 0x144
    SHORTS, INTENSET, INTENCLR, ERRORSRC, ENABLE = 0x200, 0x304, 0x308, 0x480, 0x500
    PSELRTS, PSELTXD, PSELCTS, PSELRXD = 0x508, 0x50C, 0x510, 0x514
    RXD, TXD, BAUDRATE, CONFIG = 0x518, 0x51C, 0x524, 0x56C
    ENABLED = 4  # of ENABLE
    BAUD_115200 = 0x01D7E000  # of BAUDRATE
    _UNCONNECTED = 0xFFFFFFFF  # PSEL after a reset
    _GARBLED = 0x81  # bits that a wrong rate turns
    RXDRDY = 1 << 2  # of INTENSET
    stored = frozenset(
        {EVENTS_NCTS, EVENTS_ERROR, EVENTS_RXTO, SHORTS, ERRORSRC, ENABLE, BAUDRATE, CONFIG}
        | {PSELRTS, PSELTXD, PSELCTS, PSELRXD}
    )

    def __init__(
        self,
        clock: Clock,
        send: Callable[[int], None],
        wiring: Wiring = NANO33,
        on_crystal: Callable[[], bool] = lambda: True,
    ) -> None:
        super().__init__()
        self._clock = clock
        self._send = send
        self._wiring = wiring
        self._on_crystal = on_crystal
        self._line: deque[int] = deque()
        self.reset()

    def reset(self) -> None:
        super().reset()
        self._fifo: deque[int] = deque()
        self._line.clear()
        self._ready = self._sent = self._interrupts = 0
        self._receiving = self._sending = False
        self._next_burst = 0
        self._leaves: int | None = None  # cycle at which the byte in TXD has left

    def receive(self, data: bytes) -> None:
        """Bytes arrive at the RXD pin; they are lost while the receiver is off or elsewhere, as on the wire."""
        if self._receiving and self._connected(self.PSELRXD, self._wiring.rx):
            self._line += bytes(map(self._on_line, data))
            self.advance()

    def room(self) -> int:
        """How many bytes the line takes; the rest waits with the sender."""
        return 4096 - len(self._line)

    def _connected(self, select: int, pin: int) -> bool:
        return self.registers.get(select, self._UNCONNECTED) == pin

    def _on_line(self, byte: int) -> int:
        """What becomes of a byte between the two ends."""
        right = self.registers.get(self.BAUDRATE) == self.BAUD_115200 and self._on_crystal()
        return byte if right else byte ^ self._GARBLED

    def advance(self) -> None:
        now = self._clock.now()
        if self._line and not self._fifo and now >= self._next_burst:
            count = min(self.FIFO, len(self._line))
            self._fifo.extend(self._line.popleft() for _ in range(count))
            self._next_burst = now + count * self.CYCLES_PER_BYTE
            self._ready = 1

    def deadline(self) -> int | None:
        return self._next_burst if self._line and not self._fifo else None

    def pending(self) -> bool:
        return bool(self._ready and self._interrupts & self.RXDRDY)

    def read(self, offset: int) -> int:
        if offset == self.EVENTS_RXDRDY:
            return self._ready
        if offset == self.EVENTS_TXDRDY:
            self._wait()
            return self._sent
        if offset == self.RXD:
            byte = self._fifo.popleft() if self._fifo else 0
            self._ready |= bool(self._fifo)
            return byte
        if offset in (self.INTENSET, self.INTENCLR):
            return self._interrupts
        return super().read(offset)

    def _transmit(self, byte: int) -> None:
        now = self._clock.now()
        if self._leaves is not None and now >= self._leaves:
            self._leaves, self._sent = None, 1
        if self._leaves is None and self._sending and self.registers.get(self.ENABLE) == self.ENABLED:
            if self._connected(self.PSELTXD, self._wiring.tx):
                self._send(self._on_line(byte))
            self._leaves = now + self.CYCLES_PER_BYTE

    def _wait(self) -> None:
        """Until the byte in TXD has left."""
        if self._leaves is not None:
            self._clock.waited += max(0, self._leaves - self._clock.now())
            self._leaves, self._sent = None, 1
            self.changed()

    def write(self, offset: int, value: int) -> None:
        if offset == self.TXD:
            self._transmit(value & 0xFF)
        elif offset == self.EVENTS_TXDRDY:
            self._sent = value
        elif offset == self.EVENTS_RXDRDY:
            self._ready = value
        elif offset in (self.TASKS_STARTRX, self.TASKS_STOPRX):
            self._receiving = offset == self.TASKS_STARTRX and self.registers.get(self.ENABLE) == self.ENABLED
        elif offset in (self.TASKS_STARTTX, self.TASKS_STOPTX):
            self._sending = offset == self.TASKS_STARTTX
        elif offset == self.INTENSET:
            self._interrupts |= value
            self.changed()
        elif offset == self.INTENCLR:
            self._interrupts &= ~value
        else:
            super().write(offset, value)
