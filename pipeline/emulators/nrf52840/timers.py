"""Virtual time, and the peripherals that live by it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from pipeline.boards import TimeUnit
from pipeline.emulators.nrf52840.peripherals import Peripheral

CYCLES_PER_SECOND = 64_000_000


def unit(tick_hz: int) -> TimeUnit:
    """Instructions, each of which is one cycle here."""
    return TimeUnit("instructions", Fraction(CYCLES_PER_SECOND, tick_hz))


class Clock:
    """Virtual time in CPU cycles: one per instruction, and the time slept in WFI."""

    def __init__(self, instructions: Callable[[], int]) -> None:
        self._instructions = instructions
        self.slept = 0

    def now(self) -> int:
        """Cycles since power-up."""
        return self._instructions() + self.slept


class Timer(Peripheral):
    """TIMER in timer mode, 32 bits."""

    stored = frozenset({0x200, 0x504, 0x508, 0x510, *range(0x540, 0x558, 4)})

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
