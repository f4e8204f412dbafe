"""The nRF52840's peripherals as far as the firmware uses them, with the offsets of the product specification."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import ClassVar

CYCLES_PER_SECOND = 64_000_000


class UnmodelledRegister(Exception):
    """An access to a register that this model does not have."""

    def __init__(self, peripheral: str, offset: int) -> None:
        super().__init__(f"register 0x{offset:03x} of {peripheral} is not modelled")


class Clock:
    """Virtual time in CPU cycles: one per instruction, and the time slept in WFI."""

    def __init__(self, instructions: Callable[[], int]) -> None:
        self._instructions = instructions
        self.slept = 0

    def now(self) -> int:
        """Cycles since power-up."""
        return self._instructions() + self.slept


class Peripheral:
    """A page of registers. ``stored`` offsets keep what is written; all others have a handler or do not exist."""

    name = "peripheral"
    irq: int | None = None
    stored: frozenset[int] = frozenset()

    def __init__(self) -> None:
        self.registers: dict[int, int] = {}
        self.changed: Callable[[], None] = lambda: None  # the machine's: look at interrupts and deadlines again

    def reset(self) -> None:
        """Back to the state after a reset of the chip."""
        self.registers.clear()

    def read(self, offset: int) -> int:
        if offset in self.stored:
            return self.registers.get(offset, 0)
        raise UnmodelledRegister(self.name, offset)

    def write(self, offset: int, value: int) -> None:
        if offset not in self.stored:
            raise UnmodelledRegister(self.name, offset)
        self.registers[offset] = value

    def pending(self) -> bool:
        """Whether the interrupt line is raised."""
        return False

    def deadline(self) -> int | None:
        """Cycle at which something happens by itself, or None."""
        return None

    def advance(self) -> None:
        """Lets what is due by now happen."""


def _span(first: int, last: int) -> frozenset[int]:
    return frozenset(range(first, last + 4, 4))


class Uart(Peripheral):
    """UART0 without EasyDMA. Received bytes come in bursts, on average as fast as at 1 Mbaud."""

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


class PowerAndClock(Peripheral):
    """POWER and CLOCK, which share a page. Oscillators start at once."""

    name = "POWER/CLOCK"
    stored = frozenset({0x518, 0x51C, 0x520, 0x538, 0x578, 0x580})
    _EVENTS: ClassVar = {0x000: 0x100, 0x008: 0x104}  # HFCLKSTART, LFCLKSTART and what they end in
    _RESETREAS = 0x400

    def __init__(self) -> None:
        super().__init__()
        self.reset_reason = 0

    def read(self, offset: int) -> int:
        if offset in self._EVENTS.values():
            return self.registers.get(offset, 0)
        if offset == self._RESETREAS:
            return self.reset_reason
        if offset == 0x40C:  # HFCLKSTAT: running, from the crystal once started
            return 0x10000 | self.registers.get(0x100, 0)
        if offset == 0x418:
            return 0x10000 * self.registers.get(0x104, 0)
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        if offset in self._EVENTS:
            self.registers[self._EVENTS[offset]] = 1
        elif offset in self._EVENTS.values():
            self.registers[offset] = value
        elif offset == self._RESETREAS:
            self.reset_reason &= ~value
        elif offset not in (0x004, 0x00C):  # HFCLKSTOP, LFCLKSTOP
            super().write(offset, value)


class Timer(Peripheral):
    """TIMER in timer mode, 32 bits."""

    stored = frozenset({0x200, 0x504, 0x508, 0x510, *_span(0x540, 0x554)})

    def __init__(self, index: int, clock: Clock) -> None:
        super().__init__()
        self.name = f"TIMER{index}"
        self.irq = 8 + index
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        super().reset()
        self._interrupts = 0
        self._events = [0] * 6
        self._running = False
        self._since = 0  # cycle at which the counter was 0
        self._held = 0  # counter in cycles while stopped
        self._seen = 0  # cycle up to which compare events are accounted for

    def _cycles_per_tick(self) -> int:
        return 4 << self.registers.get(0x510, 4)

    def _elapsed(self) -> int:
        return self._clock.now() - self._since if self._running else self._held

    def read(self, offset: int) -> int:
        if 0x140 <= offset <= 0x154:
            self.advance()
            return self._events[(offset - 0x140) // 4]
        if offset in (0x304, 0x308):
            return self._interrupts
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        if offset == 0x000:
            if not self._running:
                self._since = self._clock.now() - self._held
                self._seen, self._running = self._clock.now(), True
        elif offset == 0x004:
            self._held, self._running = self._elapsed(), False
        elif offset == 0x00C:
            self._held, self._since = 0, self._clock.now()
        elif 0x040 <= offset <= 0x054:
            self.registers[0x500 + offset] = self._elapsed() // self._cycles_per_tick() & 0xFFFFFFFF
        elif 0x140 <= offset <= 0x154:
            self._events[(offset - 0x140) // 4] = value
        elif offset == 0x304:
            self._interrupts |= value
        elif offset == 0x308:
            self._interrupts &= ~value
        else:
            super().write(offset, value)
        self.changed()

    def _compare_cycle(self, channel: int) -> int | None:
        """When the counter next reaches CC, if that lies ahead and matters."""
        if not self._running or not self._interrupts & 1 << 16 + channel or self._events[channel]:
            return None
        at = self._since + self.registers.get(0x540 + 4 * channel, 0) * self._cycles_per_tick()
        return at if at > self._seen else None

    def deadline(self) -> int | None:
        return min((at for at in map(self._compare_cycle, range(6)) if at is not None), default=None)

    def advance(self) -> None:
        now = self._clock.now()
        for channel in range(6):
            at = self._compare_cycle(channel)
            if at is not None and at <= now:
                self._events[channel] = 1
                if self.registers.get(0x200, 0) & 1 << channel:  # SHORTS: COMPARE clears the counter
                    self._since = at
        self._seen = now

    def pending(self) -> bool:
        return any(self._events[channel] and self._interrupts & 1 << 16 + channel for channel in range(6))


class Watchdog(Peripheral):
    """WDT, clocked at 32,768 Hz. Runs while the core sleeps when CONFIG says so. ``expired`` resets the chip."""

    name = "WDT"
    stored = frozenset({0x504, 0x508, 0x50C})
    _FEED = 0x6E524635

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        super().reset()
        self._started = False
        self._fed = 0

    def read(self, offset: int) -> int:
        return int(self._started) if offset == 0x400 else super().read(offset)

    def write(self, offset: int, value: int) -> None:
        if offset == 0x000:
            self._started, self._fed = True, self._clock.now()
            self.changed()
        elif 0x600 <= offset <= 0x61C:
            if value == self._FEED:
                self._fed = self._clock.now()
        elif not self._started:  # the configuration is locked once it runs
            super().write(offset, value)

    def deadline(self) -> int | None:
        if not self._started:
            return None
        return self._fed + (self.registers.get(0x504, 0xFFFFFFFF) + 1) * CYCLES_PER_SECOND // 32_768

    def expired(self) -> bool:
        at = self.deadline()
        return at is not None and self._clock.now() >= at

    def slept(self, cycles: int) -> None:
        """The core slept: without CONFIG.SLEEP the watchdog paused meanwhile."""
        if not self.registers.get(0x50C, 1) & 1:
            self._fed += cycles


class Nvmc(Peripheral):
    """The flash controller: always ready, instruction cache, page erase."""

    name = "NVMC"
    stored = frozenset({0x504, 0x540, 0x548, 0x54C})

    def __init__(self, write_enable: Callable[[bool], None], erase: Callable[[int], None]) -> None:
        super().__init__()
        self._write_enable = write_enable
        self._erase = erase

    def read(self, offset: int) -> int:
        return 1 if offset in (0x400, 0x408) else super().read(offset)

    def write(self, offset: int, value: int) -> None:
        if offset == 0x508:
            if self.registers.get(0x504) == 2:
                self._erase(value)
            return
        super().write(offset, value)
        if offset == 0x504:
            self._write_enable(value == 1)


class Gpio(Peripheral):
    """Both ports; inputs read what the outputs drive, else 0."""

    name = "GPIO"

    def _port(self, offset: int) -> tuple[int, int]:
        base = 0x300 if offset >= 0x800 else 0
        return base, offset - base

    def read(self, offset: int) -> int:
        base, register = self._port(offset)
        if register in (0x504, 0x508, 0x50C, 0x510):
            return self.registers.get(base + 0x504, 0)
        if register in (0x514, 0x518, 0x51C):
            return self.registers.get(base + 0x514, 0)
        if 0x700 <= register <= 0x77C:
            return self.registers.get(offset, 2)
        raise UnmodelledRegister(self.name, offset)

    def write(self, offset: int, value: int) -> None:
        base, register = self._port(offset)
        if register in (0x504, 0x514) or 0x700 <= register <= 0x77C:
            self.registers[offset] = value
        elif register in (0x508, 0x518):
            self.registers[base + register - 4] = self.registers.get(base + register - 4, 0) | value
        elif register in (0x50C, 0x51C):
            self.registers[base + register - 8] = self.registers.get(base + register - 8, 0) & ~value
        else:
            raise UnmodelledRegister(self.name, offset)
