"""A virtual nRF52840: Unicorn's Cortex-M4F, the memory map, interrupts, sleep, resets and faults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import unicorn
from unicorn import arm_const as arm
from unicorn.unicorn_py3.unicorn import Uc, UcError

from pipeline.emulators.nrf52840 import core, frames
from pipeline.emulators.nrf52840.counter import InstructionCounter
from pipeline.emulators.nrf52840.fault import REGISTER_NAMES, Fault, FaultError, describe
from pipeline.emulators.nrf52840.memory import PAGE, Memory
from pipeline.emulators.nrf52840.mpu import BOOTLOADER, ShadowedRegion
from pipeline.emulators.nrf52840.pdm import Microphone, Pdm
from pipeline.emulators.nrf52840.peripherals import DmaFault, Gpio, Nvmc, Peripheral, PowerAndClock, UnmodelledRegister
from pipeline.emulators.nrf52840.symbols import Image
from pipeline.emulators.nrf52840.timers import CYCLES_PER_SECOND, Clock, Timer, Watchdog
from pipeline.emulators.nrf52840.uart import DEVELOPMENT_KIT, NANO33, Uart
from pipeline.errors import DeviceError

_POWER_AND_CLOCK, _UART0, _WDT, _PDM = 0x40000000, 0x40002000, 0x40010000, 0x4001D000
_NVMC, _GPIO = 0x4001E000, 0x50000000
_TIMERS = (0x40008000, 0x40009000, 0x4000A000)
_DWT, _SCS = 0xE0001000, 0xE000E000
_PROGRAM, _BOOTLOADER_RAM_END = 0x10000, 0x20009E14  # the Nano 33 BLE's bootloader: what it starts, the RAM it uses
_BOOTLOADER_CYCLES = CYCLES_PER_SECOND // 2  # in which it waits for a second press of the reset button
_EXCEPTION_EXIT = 8  # Unicorn's number for a branch to an exception return value
_SLICE = 2_000_000  # instructions between looks at the serial line, 10 to 20 ms
_RESET_PIN, _RESET_WATCHDOG, _RESET_SOFTWARE = 1 << 0, 1 << 1, 1 << 2


class SerialLine(Protocol):
    """The other end of UART0."""

    def read(self, limit: int, wait_seconds: float) -> bytes:
        """Up to ``limit`` bytes, waiting at most that long for the first; ``b""`` when there are none."""

    def write(self, data: bytes) -> None:
        """Takes bytes that the board sent."""


class Machine:
    """One chip with one image.

    Args:
        image: the ELF to run; its lowest flash address is its vector table.
        line: the other end of the serial port.
        deliver_faults: let the firmware's HardFault handler run, as on a chip, instead of ending the run.
        microphone: at the PDM peripheral's pins.
        hurry: while the microphone hears its recording, let a sleep take no real time.

    Raises:
        ToolchainError: no C compiler for the instruction counter.
        DeviceError: the image lies where nothing starts it.
    """

    def __init__(
        self,
        image: Image,
        line: SerialLine,
        *,
        deliver_faults: bool = False,
        microphone: Microphone | None = None,
        hurry: bool = False,
    ) -> None:
        self._image = image
        self._line = line
        self._deliver_faults = deliver_faults
        self._hurry = hurry
        self._engine: Any = Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
        engine = self._engine
        engine.ctl_set_cpu_model(arm.UC_CPU_ARM_CORTEX_M4)
        self._counter = InstructionCounter(engine)
        self._memory = Memory(engine, image.segments, self._counter.flash_changed)
        self.clock = Clock(lambda: self._counter.instructions)
        self._output = bytearray()
        self._exit_exception = False
        self._reset_requested = 0
        self._stop_requested = False
        self._trap: int | None = None
        self._handling = 0  # number of the exception in progress; interrupts do not nest
        self._waiting = False  # whether an interrupt is held back by PRIMASK
        self._bad_address = 0

        if image.vector_table not in (0, _PROGRAM):
            raise DeviceError(
                f"{image.path} starts at 0x{image.vector_table:x}: the core starts 0x0, the bootloader 0x{_PROGRAM:x}",
                "link it with the board's script",
            )
        self._has_bootloader = image.vector_table == _PROGRAM  # else it is the development kit's image
        self.power = PowerAndClock()
        wiring = NANO33 if self._has_bootloader else DEVELOPMENT_KIT
        self.uart = Uart(self.clock, self._send, wiring, lambda: self.power.on_crystal)
        self.watchdog = Watchdog(self.clock)
        self._system = core.SystemControl(lambda: self._request_reset(_RESET_SOFTWARE))
        self.pins = Gpio()
        self._pdm = Pdm(self.clock, self._memory.write_ram, self.pins, microphone)
        timers = {base: Timer(index, self.clock) for index, base in enumerate(_TIMERS)}
        self._peripherals: dict[int, Peripheral] = {
            _POWER_AND_CLOCK: self.power,
            _UART0: self.uart,
            **timers,
            _WDT: self.watchdog,
            _NVMC: Nvmc(self._memory.enable_flash_writes, self._memory.erase_page),
            _GPIO: self.pins,
            _PDM: self._pdm,
            _DWT: core.CycleCounter(self.clock.awake),
            _SCS: self._system,
        }
        self._timed: list[Peripheral] = [self.uart, self._pdm, *timers.values()]
        for address, peripheral in self._peripherals.items():
            peripheral.changed = self._rescheduler(peripheral)
            engine.mmio_map(address, PAGE, self._reader(peripheral), None, self._writer(peripheral), None)
        engine.hook_add(unicorn.UC_HOOK_INTR, self._on_exception)
        engine.hook_add(unicorn.UC_HOOK_MEM_INVALID, self._on_bad_access)
        self._pc = 0
        self._reset(0)

    @property
    def instructions(self) -> int:
        """Instructions executed since power-up; exact, and readable from any thread."""
        return self._counter.instructions

    def stack_low_water(self) -> int:
        """Most bytes of stack ever used."""
        return self._memory.painted_stack_used(*self._image.stack)

    def stop(self) -> None:
        """Makes :meth:`run` return; safe from another thread."""
        self._stop_requested = True
        self._counter.stop_soon()

    def press_reset(self) -> None:
        """Pulls the reset pin; safe from another thread."""
        self._request_reset(_RESET_PIN)

    def run(self) -> None:
        """Runs until :meth:`stop`.

        Raises:
            FaultError: an access to nothing, an undefined instruction or another fault, unless they are delivered.
        """
        while not self._stop_requested:
            try:
                self._turn()
            except UcError as error:
                self._fault(error)
            except (UnmodelledRegister, DmaFault, ShadowedRegion) as error:
                self._pc = self._engine.reg_read(arm.UC_ARM_REG_PC)
                raise self._fault_error(str(error)) from None

    def _turn(self) -> None:
        """Executes for a while, then lets the world outside of the core go on for as long."""
        sleeping = self._run_slice()
        self._flush()
        if self.watchdog.expired():
            self._request_reset(_RESET_WATCHDOG)
        if self._reset_requested:
            self._reset(self._reset_requested)
            return
        self._receive(sleeping)
        self._take_interrupt()

    def _run_slice(self) -> bool:
        """Executes until something needs attention; whether that is the core sleeping."""
        now, skipped = self.clock.now(), self.clock.skipped()
        until = now if self._waiting else min([now + _SLICE, *self._deadlines()])  # waiting: look again after a block
        self._counter.run_until(max(until, now + 1) - skipped)
        if self._stop_requested or self._reset_requested:
            return False
        self._engine.emu_start(self._pc | 1, 0xFFFFFFFE)
        self._pc = self._engine.reg_read(arm.UC_ARM_REG_PC)
        if self._exit_exception:
            self._exit_exception = False
            self._handling = 0
            self._pc = frames.leave(self._engine)
            return False
        if self._trap is not None:
            trap, self._trap = self._trap, None
            raise self._fault_error(f"exception {trap} (a breakpoint or supervisor call)")
        return not self._counter.stopped and not self._reset_requested

    def _rescheduler(self, peripheral: Peripheral) -> Callable[[], None]:
        def reschedule() -> None:
            if peripheral is self._system or peripheral.pending():
                self._counter.stop_soon()
            elif deadlines := self._deadlines():  # all of them: time may have passed without an instruction
                self._counter.stop_by(min(deadlines) - self.clock.skipped())

        return reschedule

    def _deadlines(self) -> list[int]:
        return [at for p in (*self._timed, self.watchdog) if (at := p.deadline()) is not None]

    def _receive(self, sleeping: bool) -> None:
        """Takes what came over the line. A sleeping core waits here until something wakes it."""
        for peripheral in self._timed:
            peripheral.advance()
        awake = not sleeping or any(p.pending() for p in self._timed)
        wait = 0.0
        if not awake:
            ahead = min([self.clock.now() + CYCLES_PER_SECOND, *self._deadlines()]) - self.clock.now()
            wait = max(0, ahead) / CYCLES_PER_SECOND
        room = self.uart.room()
        patience = 0 if self.uart.deadline() or (self._hurry and self._pdm.hears) else wait
        data = self._line.read(room, patience) if room else b""
        if data:
            self.uart.receive(data)
        elif not awake:  # nothing came: time passed up to the next event
            cycles = round(wait * CYCLES_PER_SECOND)
            self.clock.slept += cycles
            self.watchdog.slept(cycles)
            for peripheral in self._timed:
                peripheral.advance()

    # exceptions

    def _take_interrupt(self) -> None:
        self._waiting = False
        if self._handling:
            return
        exception = self._system.next_interrupt(self._timed)
        if exception is None:
            return
        if self._engine.reg_read(arm.UC_ARM_REG_PRIMASK) & 1:
            self._waiting = True
        else:
            self._system.acknowledge(exception)
            self._enter_exception(exception)

    def _enter_exception(self, exception: int) -> None:
        vector = self._system.vector(exception, self._image.vector_table)
        frames.enter(self._engine, self._pc)
        self._pc = self._memory.word(vector) & ~1
        self._handling = exception

    def _on_exception(self, engine: Any, number: int, _: object) -> None:
        if number == _EXCEPTION_EXIT and self._handling:
            self._exit_exception = True
        else:
            self._trap = number
        engine.emu_stop()

    def _on_bad_access(self, engine: Any, access: int, address: int, size: int, value: int, _: object) -> bool:
        self._bad_address = address
        return False

    def _fault(self, error: UcError) -> None:
        self._pc = self._engine.reg_read(arm.UC_ARM_REG_PC)
        reason, status = describe(error)
        if status & (core.PRECISE_BUS_FAULT | core.INSTRUCTION_BUS_FAULT):
            reason += f": 0x{self._bad_address:08x}"
        if not self._deliver_faults or self._handling == core.HARD_FAULT:
            raise self._fault_error(reason) from None
        self._system.record_fault(status, self._bad_address)
        self._enter_exception(core.HARD_FAULT)

    def _fault_error(self, reason: str) -> FaultError:
        registers = dict(zip(REGISTER_NAMES, (self._engine.reg_read(r) for r in frames.CORE), strict=True))
        registers["pc"] = self._pc
        bottom, top = self._image.stack
        if not bottom <= registers["sp"] <= top:
            reason += f"; the stack pointer 0x{registers['sp']:08x} is outside of the stack (overflow?)"
        return FaultError(
            Fault(reason, registers, self._image.backtrace(registers, self._memory.word), self.instructions)
        )

    # peripherals and memory

    @staticmethod
    def _reader(peripheral: Peripheral) -> Callable[[Any, int, int, object], int]:
        read = peripheral.read
        return lambda engine, offset, size, data: read(offset)

    @staticmethod
    def _writer(peripheral: Peripheral) -> Callable[[Any, int, int, int, object], None]:
        write = peripheral.write
        return lambda engine, offset, size, value, data: write(offset, value)

    # serial line and resets

    def _send(self, byte: int) -> None:
        self._output.append(byte)
        if len(self._output) >= 256:
            self._flush()

    def _flush(self) -> None:
        if self._output:
            data = bytes(self._output)
            self._output.clear()
            self._line.write(data)

    def _request_reset(self, reason: int) -> None:
        self._reset_requested |= reason
        self._counter.stop_soon()

    def _reset(self, reason: int) -> None:
        """Start of the image: peripherals and core reset, RAM kept but for what a bootloader before it uses."""
        self._reset_requested = 0
        self._handling = 0
        self._waiting = False
        for peripheral in self._peripherals.values():
            if peripheral is not self.watchdog or reason != _RESET_SOFTWARE:  # which a watchdog that runs survives
                peripheral.reset()
        self.power.reset_reason |= reason
        if self._has_bootloader:
            self._memory.clear_ram(_BOOTLOADER_RAM_END)
            self._system.mpu.reset(BOOTLOADER)
            self.clock.slept += _BOOTLOADER_CYCLES
        for register in (*frames.CORE[:13], arm.UC_ARM_REG_PRIMASK, arm.UC_ARM_REG_CONTROL, *frames.FLOAT):
            self._engine.reg_write(register, 0)
        self._engine.reg_write(arm.UC_ARM_REG_LR, 0xFFFFFFFF)
        self._engine.reg_write(arm.UC_ARM_REG_SP, self._memory.word(self._image.vector_table))
        self._pc = self._memory.word(self._image.vector_table + 4) & ~1
