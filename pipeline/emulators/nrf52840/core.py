"""The Cortex-M4's own registers: interrupt controller, system control block, cycle counter. No SysTick."""

from __future__ import annotations

from collections.abc import Callable

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
    stored = frozenset(
        {
            0xD08,
            0xD10,
            0xD14,
            0xD18,
            0xD1C,
            0xD20,
            0xD24,
            0xD34,
            0xD38,
            0xD88,
            0xDFC,
            0xF34,
            0xF38,
            0xF3C,
            *range(0x400, 0x4F0, 4),
        }
    )

    def __init__(self, request_reset: Callable[[], None]) -> None:
        super().__init__()
        self._request_reset = request_reset
        self.reset()

    def reset(self) -> None:
        super().reset()
        self._enabled = 0
        self._pended = 0

    def read(self, offset: int) -> int:
        if offset == 0xD00:
            return 0x410FC241  # CPUID: Cortex-M4 r0p1
        if offset == 0xD90:
            return 0  # MPU_TYPE: none; a stack overflow leaves RAM here, and that faults
        if 0x100 <= offset <= 0x11C or 0x180 <= offset <= 0x19C:
            return self._enabled >> 8 * (offset & 0x1F) & 0xFFFFFFFF
        if 0x200 <= offset <= 0x21C or 0x280 <= offset <= 0x29C:
            return self._pended >> 8 * (offset & 0x1F) & 0xFFFFFFFF
        if offset in (0xD28, 0xD2C):
            return self.registers.get(offset, 0)
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        bits = value << 8 * (offset & 0x1F)
        if offset == 0xD0C:
            if value >> 16 == 0x05FA and value & 4:
                self._request_reset()
        elif 0x100 <= offset <= 0x11C:
            self._enabled |= bits
            self.changed()
        elif 0x180 <= offset <= 0x19C:
            self._enabled &= ~bits
        elif 0x200 <= offset <= 0x21C:
            self._pended |= bits
            self.changed()
        elif 0x280 <= offset <= 0x29C:
            self._pended &= ~bits
        elif offset in (0xD28, 0xD2C):  # write one to clear
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
        return self.registers.get(0xD08, default_table) + 4 * exception

    def record_fault(self, status: int, address: int) -> None:
        """Sets CFSR, HFSR and BFAR as the core does when a configurable fault escalates."""
        self.registers[0xD28] = self.registers.get(0xD28, 0) | status
        self.registers[0xD2C] = self.registers.get(0xD2C, 0) | _FORCED
        if status & PRECISE_BUS_FAULT == PRECISE_BUS_FAULT:
            self.registers[0xD38] = address


class CycleCounter(Peripheral):
    """DWT with CYCCNT: one cycle per instruction, exact at the borders of basic blocks."""

    name = "DWT"
    stored = frozenset({0xFB0})

    def __init__(self, instructions: Callable[[], int]) -> None:
        super().__init__()
        self._instructions = instructions
        self.reset()

    def reset(self) -> None:
        super().reset()
        self._enabled = False
        self._offset = 0

    def read(self, offset: int) -> int:
        if offset == 0x000:
            return 0x40000000 | self._enabled
        if offset == 0x004:
            return (self._instructions() + self._offset if self._enabled else self._offset) & 0xFFFFFFFF
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        count = self.read(0x004)
        if offset == 0x000:
            self._enabled = bool(value & 1)
        elif offset == 0x004:
            count = value
        else:
            super().write(offset, value)
            return
        self._offset = count - self._instructions() if self._enabled else count
