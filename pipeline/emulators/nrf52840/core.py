"""The Cortex-M4's own registers: interrupt controller, system control block, cycle counter. No SysTick."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.emulators.nrf52840.mpu import Mpu
from pipeline.emulators.nrf52840.peripherals import Peripheral

HARD_FAULT = 3
FIRST_IRQ = 16
PRECISE_BUS_FAULT = 1 << 9 | 1 << 15  # CFSR: PRECISERR, BFARVALID
INSTRUCTION_BUS_FAULT = 1 << 8
UNDEFINED_INSTRUCTION = 1 << 16
_FORCED = 1 << 30  # HFSR


class SystemControl(Peripheral):
    """NVIC (without priorities: the lowest number first, no nesting) and the system control block."""

    name = "SCS"
    ISER, ICER = range(0x100, 0x120, 4), range(0x180, 0x1A0, 4)
    ISPR, ICPR = range(0x200, 0x220, 4), range(0x280, 0x2A0, 4)
    IPR = range(0x400, 0x4F0, 4)
    CPUID, VTOR, AIRCR, SCR, CCR = 0xD00, 0xD08, 0xD0C, 0xD10, 0xD14
    SHPR = range(0xD18, 0xD24, 4)
    SHCSR, CFSR, HFSR, MMFAR, BFAR = 0xD24, 0xD28, 0xD2C, 0xD34, 0xD38
    CPACR, DEMCR, FPCCR, FPCAR, FPDSCR = 0xD88, 0xDFC, 0xF34, 0xF38, 0xF3C
    MPU = range(0xD90, 0xDBC, 4)
    stored = frozenset({VTOR, SCR, CCR, *SHPR, SHCSR, MMFAR, BFAR, CPACR, DEMCR, FPCCR, FPCAR, FPDSCR, *IPR})
    _CORTEX_M4_R0P1 = 0x410FC241
    _VECTKEY, _SYSRESETREQ = 0x05FA, 1 << 2  # of AIRCR

    def __init__(self, request_reset: Callable[[], None]) -> None:
        super().__init__()
        self._request_reset = request_reset
        self.mpu = Mpu()
        self.reset()

    def reset(self) -> None:
        super().reset()
        self.mpu.reset()
        self._enabled = 0
        self._pended = 0

    def read(self, offset: int) -> int:
        if offset == self.CPUID:
            return self._CORTEX_M4_R0P1
        if offset in self.MPU:
            return self.mpu.read(offset)
        if offset in self.ISER or offset in self.ICER:
            return self._enabled >> 8 * (offset & 0x1F) & 0xFFFFFFFF
        if offset in self.ISPR or offset in self.ICPR:
            return self._pended >> 8 * (offset & 0x1F) & 0xFFFFFFFF
        if offset in (self.CFSR, self.HFSR):
            return self.registers.get(offset, 0)
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        bits = value << 8 * (offset & 0x1F)
        if offset == self.AIRCR:
            if value >> 16 == self._VECTKEY and value & self._SYSRESETREQ:
                self._request_reset()
        elif offset in self.MPU:
            self.mpu.write(offset, value)
        elif offset in self.ISER:
            self._enabled |= bits
            self.changed()
        elif offset in self.ICER:
            self._enabled &= ~bits
        elif offset in self.ISPR:
            self._pended |= bits
            self.changed()
        elif offset in self.ICPR:
            self._pended &= ~bits
        elif offset in (self.CFSR, self.HFSR):  # write one to clear
            self.registers[offset] = self.registers.get(offset, 0) & ~value
        else:
            super().write(offset, value)

    def next_interrupt(self, lines: list[Peripheral]) -> int | None:
        """Exception number of the interrupt to take now, or None."""
        raised = self._pended
        for peripheral in lines:
            if peripheral.irq is not None and peripheral.pending():
                raised |= 1 << peripheral.irq
        raised &= self._enabled
        if not raised:
            return None
        return FIRST_IRQ + (raised & -raised).bit_length() - 1

    def acknowledge(self, exception: int) -> None:
        """The core enters this interrupt's handler."""
        self._pended &= ~(1 << exception - FIRST_IRQ)

    def vector(self, exception: int, default_table: int) -> int:
        """Address of the vector of an exception."""
        return self.registers.get(self.VTOR, default_table) + 4 * exception

    def record_fault(self, status: int, address: int) -> None:
        """Sets CFSR, HFSR and BFAR as the core does when a configurable fault escalates."""
        self.registers[self.CFSR] = self.registers.get(self.CFSR, 0) | status
        self.registers[self.HFSR] = self.registers.get(self.HFSR, 0) | _FORCED
        if status & PRECISE_BUS_FAULT == PRECISE_BUS_FAULT:
            self.registers[self.BFAR] = address


class CycleCounter(Peripheral):
    """DWT with CYCCNT: one cycle per instruction, exact at the borders of basic blocks, and what ``cycles`` counts
    besides."""

    name = "DWT"
    CTRL, CYCCNT, LAR = 0x000, 0x004, 0xFB0
    stored = frozenset({LAR})
    _FOUR_COMPARATORS, _CYCCNTENA = 4 << 28, 1  # of CTRL

    def __init__(self, cycles: Callable[[], int]) -> None:
        super().__init__()
        self._cycles = cycles
        self.reset()

    def reset(self) -> None:
        super().reset()
        self._enabled = False
        self._offset = 0

    def read(self, offset: int) -> int:
        if offset == self.CTRL:
            return self._FOUR_COMPARATORS | self._enabled
        if offset == self.CYCCNT:
            return (self._cycles() + self._offset if self._enabled else self._offset) & 0xFFFFFFFF
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        count = self.read(self.CYCCNT)
        if offset == self.CTRL:
            self._enabled = bool(value & self._CYCCNTENA)
        elif offset == self.CYCCNT:
            count = value
        else:
            super().write(offset, value)
            return
        self._offset = count - self._cycles() if self._enabled else count
