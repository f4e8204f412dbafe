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
    """Virtual time in CPU cycles: one per instruction, and the time that passes at once.

    Attributes:
        slept: cycles in WFI, and in a bootloader.
        waited: cycles in which the core would only have asked a peripheral again and again.
    """

    def __init__(self, instructions: Callable[[], int]) -> None:
        self._instructions = instructions
        self.slept = self.waited = 0

    def now(self) -> int:
        """Cycles since power-up."""
        return self.awake() + self.slept

    def awake(self) -> int:
        """Those in which the core did not sleep."""
        return self._instructions() + self.waited

    def skipped(self) -> int:
        """Those without an instruction."""
        return self.slept + self.waited


class Timer(Peripheral):
    """TIMER in timer mode, 32 bits."""

    CHANNELS = 6
    TASKS_START, TASKS_STOP, TASKS_CLEAR = 0x000, 0x004, 0x00C
    TASKS_CAPTURE, EVENTS_COMPARE = range(0x040, 0x058, 4), range(0x140, 0x158, 4)  # by channel
    SHORTS, INTENSET, INTENCLR, MODE, BITMODE, PRESCALER = 0x200, 0x304, 0x308, 0x504, 0x508, 0x510
    CC = range(0x540, 0x558, 4)
    stored = frozenset({SHORTS, MODE, BITMODE, PRESCALER, *CC})
    _COMPARE = 16  # number of channel 0's bit in INTENSET
    _CLOCK_DIVISOR = CYCLES_PER_SECOND // 16_000_000

    def __init__(self, index: int, clock: Clock) -> None:
        super().__init__()
        self.name = f"TIMER{index}"
        self.irq = 8 + index
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        super().reset()
        self._interrupts = 0
        self._events = [0] * self.CHANNELS
        self._running = False
        self._since = 0  # cycle at which the counter was 0
        self._held = 0  # counter in cycles while stopped
        self._seen = 0  # cycle up to which compare events are accounted for

    def _cycles_per_tick(self) -> int:
        return self._CLOCK_DIVISOR << self.registers.get(self.PRESCALER, 4)

    def _elapsed(self) -> int:
        return self._clock.now() - self._since if self._running else self._held

    def read(self, offset: int) -> int:
        if offset in self.EVENTS_COMPARE:
            self.advance()
            return self._events[self.EVENTS_COMPARE.index(offset)]
        if offset in (self.INTENSET, self.INTENCLR):
            return self._interrupts
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        if offset == self.TASKS_START:
            if not self._running:
                self._since = self._clock.now() - self._held
                self._seen, self._running = self._clock.now(), True
        elif offset == self.TASKS_STOP:
            self._held, self._running = self._elapsed(), False
        elif offset == self.TASKS_CLEAR:
            self._held, self._since = 0, self._clock.now()
        elif offset in self.TASKS_CAPTURE:
            captured = self.CC[self.TASKS_CAPTURE.index(offset)]
            self.registers[captured] = self._elapsed() // self._cycles_per_tick() & 0xFFFFFFFF
            return  # no interrupt comes earlier for it
        elif offset in self.EVENTS_COMPARE:
            self._events[self.EVENTS_COMPARE.index(offset)] = value
        elif offset == self.INTENSET:
            self._interrupts |= value
        elif offset == self.INTENCLR:
            self._interrupts &= ~value
        else:
            super().write(offset, value)
        self.changed()

    def _compare_cycle(self, channel: int) -> int | None:
        """When the counter next reaches CC, if that lies ahead and matters."""
        if not self._running or not self._interrupts & 1 << self._COMPARE + channel or self._events[channel]:
            return None
        at = self._since + self.registers.get(self.CC[channel], 0) * self._cycles_per_tick()
        return at if at > self._seen else None

    def deadline(self) -> int | None:
        if not self._interrupts:
            return None
        return min((at for at in map(self._compare_cycle, range(self.CHANNELS)) if at is not None), default=None)

    def advance(self) -> None:
        now = self._clock.now()
        for channel in range(self.CHANNELS if self._interrupts else 0):
            at = self._compare_cycle(channel)
            if at is not None and at <= now:
                self._events[channel] = 1
                if self.registers.get(self.SHORTS, 0) & 1 << channel:  # COMPARE clears the counter
                    self._since = at
        self._seen = now

    def pending(self) -> bool:
        return self._interrupts != 0 and any(
            event and self._interrupts & 1 << self._COMPARE + n for n, event in enumerate(self._events)
        )


class Watchdog(Peripheral):
    """WDT, clocked at 32,768 Hz. Runs while the core sleeps when CONFIG says so. ``expired`` resets the chip."""

    name = "WDT"
    TASKS_START, RUNSTATUS, CRV, RREN, CONFIG = 0x000, 0x400, 0x504, 0x508, 0x50C
    RR = range(0x600, 0x620, 4)
    FEED = 0x6E524635  # what RR wants to read
    stored = frozenset({CRV, RREN, CONFIG})
    _RUN_IN_SLEEP = 1  # of CONFIG
    _CLOCK_HZ = 32_768

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        super().reset()
        self._started = False
        self._fed = 0

    def read(self, offset: int) -> int:
        return int(self._started) if offset == self.RUNSTATUS else super().read(offset)

    def write(self, offset: int, value: int) -> None:
        if offset == self.TASKS_START:
            if not self._started:
                self._started, self._fed = True, self._clock.now()
            self.changed()
        elif offset in self.RR:
            if value == self.FEED:
                self._fed = self._clock.now()
        elif not self._started:  # the configuration is locked once it runs
            super().write(offset, value)

    def deadline(self) -> int | None:
        if not self._started:
            return None
        return self._fed + (self.registers.get(self.CRV, 0xFFFFFFFF) + 1) * CYCLES_PER_SECOND // self._CLOCK_HZ

    def expired(self) -> bool:
        at = self.deadline()
        return at is not None and self._clock.now() >= at

    def slept(self, cycles: int) -> None:
        """The core slept: without CONFIG.SLEEP the watchdog paused meanwhile."""
        if not self.registers.get(self.CONFIG, 1) & self._RUN_IN_SLEEP:
            self._fed += cycles
