"""A page of registers, and the nRF52840's plain ones, with the offsets of the product specification."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar


class UnmodelledRegister(Exception):
    """An access to a register that this model does not have."""

    def __init__(self, peripheral: str, offset: int) -> None:
        super().__init__(f"register 0x{offset:03x} of {peripheral} is not modelled")


class DmaFault(Exception):
    """EasyDMA was given an address that is not in RAM."""


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


class PowerAndClock(Peripheral):
    """POWER and CLOCK, which share a page. Oscillators start at once."""

    name = "POWER/CLOCK"
    TASKS_HFCLKSTART, TASKS_HFCLKSTOP, TASKS_LFCLKSTART, TASKS_LFCLKSTOP = 0x000, 0x004, 0x008, 0x00C
    EVENTS_HFCLKSTARTED, EVENTS_LFCLKSTARTED = 0x100, 0x104
    RESETREAS, HFCLKSTAT, LFCLKSTAT = 0x400, 0x40C, 0x418
    LFCLKSRC, GPREGRET, GPREGRET2, CTIV, DCDCEN, DCDCEN0 = 0x518, 0x51C, 0x520, 0x538, 0x578, 0x580
    stored = frozenset({LFCLKSRC, GPREGRET, GPREGRET2, CTIV, DCDCEN, DCDCEN0})
    _STARTS: ClassVar = {TASKS_HFCLKSTART: EVENTS_HFCLKSTARTED, TASKS_LFCLKSTART: EVENTS_LFCLKSTARTED}
    _RUNNING = 1 << 16

    def __init__(self) -> None:
        super().__init__()
        self.reset_reason = 0

    @property
    def on_crystal(self) -> bool:
        """Whether the crystal was started: until then the clock is an RC oscillator's, too inexact for a UART."""
        return bool(self.registers.get(self.EVENTS_HFCLKSTARTED, 0))

    def read(self, offset: int) -> int:
        if offset in self._STARTS.values():
            return self.registers.get(offset, 0)
        if offset == self.RESETREAS:
            return self.reset_reason
        if offset == self.HFCLKSTAT:  # always running; from the crystal once that was started
            return self._RUNNING | self.registers.get(self.EVENTS_HFCLKSTARTED, 0)
        if offset == self.LFCLKSTAT:
            return self._RUNNING * self.registers.get(self.EVENTS_LFCLKSTARTED, 0)
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        if offset in self._STARTS:
            self.registers[self._STARTS[offset]] = 1
        elif offset in self._STARTS.values():
            self.registers[offset] = value
        elif offset == self.RESETREAS:
            self.reset_reason &= ~value
        elif offset not in (self.TASKS_HFCLKSTOP, self.TASKS_LFCLKSTOP):
            super().write(offset, value)


class Nvmc(Peripheral):
    """The flash controller: always ready, instruction cache, page erase."""

    name = "NVMC"
    READY, READYNEXT, CONFIG, ERASEPAGE = 0x400, 0x408, 0x504, 0x508
    ICACHECNF, IHIT, IMISS = 0x540, 0x548, 0x54C
    WRITE_ENABLED, ERASE_ENABLED = 1, 2  # of CONFIG
    stored = frozenset({CONFIG, ICACHECNF, IHIT, IMISS})

    def __init__(self, write_enable: Callable[[bool], None], erase: Callable[[int], None]) -> None:
        super().__init__()
        self._write_enable = write_enable
        self._erase = erase

    def read(self, offset: int) -> int:
        return 1 if offset in (self.READY, self.READYNEXT) else super().read(offset)

    def write(self, offset: int, value: int) -> None:
        if offset == self.ERASEPAGE:
            if self.registers.get(self.CONFIG) == self.ERASE_ENABLED:
                self._erase(value)
            return
        super().write(offset, value)
        if offset == self.CONFIG:
            self._write_enable(value == self.WRITE_ENABLED)


class Gpio(Peripheral):
    """Both ports; inputs read what the outputs drive, else 0."""

    name = "GPIO"
    PORT_1 = 0x300  # offset of its registers from port 0's
    OUT, OUTSET, OUTCLR, IN, DIR, DIRSET, DIRCLR = 0x504, 0x508, 0x50C, 0x510, 0x514, 0x518, 0x51C
    PIN_CNF = range(0x700, 0x780, 4)
    _OUTPUT, _INPUT_DISCONNECTED = 1 << 0, 1 << 1  # of PIN_CNF; the latter after a reset

    def driven(self, pin: int) -> bool | None:
        """Level that a pin, ``32 * port + pin``, is driven to; None when it is no output."""
        base, bit = self.PORT_1 * (pin // 32), pin % 32
        configured = self.registers.get(base + self.PIN_CNF[bit], 0) & self._OUTPUT
        if not configured and not self.registers.get(base + self.DIR, 0) >> bit & 1:
            return None
        return bool(self.registers.get(base + self.OUT, 0) >> bit & 1)

    def is_input(self, pin: int) -> bool:
        """Whether a pin's input buffer is connected."""
        base = self.PORT_1 * (pin // 32)
        return (
            not self.registers.get(base + self.PIN_CNF[pin % 32], self._INPUT_DISCONNECTED) & self._INPUT_DISCONNECTED
        )

    def _port(self, offset: int) -> tuple[int, int]:
        base = self.PORT_1 if offset >= 0x800 else 0
        return base, offset - base

    def read(self, offset: int) -> int:
        base, register = self._port(offset)
        if register in (self.OUT, self.OUTSET, self.OUTCLR, self.IN):
            return self.registers.get(base + self.OUT, 0)
        if register in (self.DIR, self.DIRSET, self.DIRCLR):
            return self.registers.get(base + self.DIR, 0)
        if register in self.PIN_CNF:
            return self.registers.get(offset, self._INPUT_DISCONNECTED)
        raise UnmodelledRegister(self.name, offset)

    def write(self, offset: int, value: int) -> None:
        base, register = self._port(offset)
        if register in (self.OUT, self.DIR) or register in self.PIN_CNF:
            self.registers[offset] = value
            return
        held = base + (self.OUT if register in (self.OUTSET, self.OUTCLR) else self.DIR)
        if register in (self.OUTSET, self.DIRSET):
            self.registers[held] = self.registers.get(held, 0) | value
        elif register in (self.OUTCLR, self.DIRCLR):
            self.registers[held] = self.registers.get(held, 0) & ~value
        else:
            raise UnmodelledRegister(self.name, offset)
