"""A page of registers, and the nRF52840's plain ones, with the offsets of the product specification."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar


class UnmodelledRegister(Exception):
    """An access to a register that this model does not have."""

    def __init__(self, peripheral: str, offset: int) -> None:
        super().__init__(f"register 0x{offset:03x} of {peripheral} is not modelled")


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
