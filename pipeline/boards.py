"""The boards that firmware is built for: what they are, and what stands in for them.

The one table of boards. What PlatformIO and the linker need of a board (core, clock, memory sizes, sources) is in its
manifest, ``firmware/platform/boards/DEFINITION.json``, and is read from there; its environment in ``platformio.ini``
has the target's name.
"""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from pipeline.cores import CORES, Core
from pipeline.errors import UsageError
from pipeline.project import PROJECT


@dataclass(frozen=True)
class TimeUnit:
    """What a device's ticks are.

    Attributes:
        name: "instructions", "cycles" or "microseconds".
        per_tick: exact number of them in a tick.
    """

    name: str
    per_tick: Fraction

    def of(self, ticks: float) -> float:
        """Ticks in this unit."""
        return float(ticks * self.per_tick)


@dataclass(frozen=True)
class MemoryMap:
    """Origin and length in bytes of an emulated machine's memories, for images without a board's linker script.

    Attributes:
        code: holds the image.
        data: large, readable; holds whatever is put there beside the image.
        ram: buffers and stack.
    """

    code: tuple[int, int]
    data: tuple[int, int]
    ram: tuple[int, int]


@dataclass(frozen=True)
class UsbSocket:
    """A board's own USB socket: how it is told apart there, and what can be flashed through it.

    Attributes:
        environment: of platformio.ini, whose image has USB serial.
        program: USB vendor and product while a program with USB serial runs.
        bootloader: the same in its bootloader.
        start: address at which the bootloader starts the program; it lies below itself.
    """

    environment: str
    program: tuple[int, int]
    bootloader: tuple[int, int]
    start: int


@dataclass(frozen=True)
class Board:
    """One board.

    Attributes:
        target: its name on the command line and in platformio.ini.
        title: for people.
        definition: name of its manifest.
        emulator: which one stands in for it; a name of ``pipeline.emulators.EMULATORS``.
        machine: the emulator's name of it, where it knows several.
        memory: of that machine, for the bench and for tests of single parts.
        usb: None where it cannot be flashed and tested through a USB socket of its own.
        probe_chip: pyOCD's name of its chip; None where no debug probe flashes it.
        microphone: whether its image listens by a microphone of the board, ``firmware/boards/microphone.h``.
    """

    target: str
    title: str
    definition: str
    emulator: str
    machine: str = ""
    memory: MemoryMap | None = None
    usb: UsbSocket | None = None
    probe_chip: str | None = None
    microphone: bool = False

    @cached_property
    def _manifest(self) -> dict[str, Any]:
        path = PROJECT / "firmware" / "platform" / "boards" / f"{self.definition}.json"
        manifest: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return manifest

    @property
    def core(self) -> Core:
        """Its processor."""
        return CORES[self._manifest["build"]["cpu"]]

    @property
    def description(self) -> str:
        """What it is and which core it has."""
        return f"{self.title}, {self.core.title}"

    def description_of_run(self, unit: str) -> str:
        """The same for what gave times in that unit: of boards that people have, only a real one counts cycles."""
        return f"{self.description}, emulated" if self.is_hardware and unit != "cycles" else self.description

    @property
    def flash_limit(self) -> int:
        """Bytes of flash that an image may fill."""
        return int(self._manifest["upload"]["maximum_size"])

    @property
    def ram_limit(self) -> int:
        """Bytes of RAM, stack included."""
        return int(self._manifest["upload"]["maximum_ram_size"])

    @property
    def is_hardware(self) -> bool:
        """Whether images can be put on a real one; else only the emulator has it."""
        return self.usb is not None or self.probe_chip is not None

    @property
    def clock_hz(self) -> int | None:
        """Of the core; None where no real one gives a meaning to time."""
        return int(self._manifest["build"]["f_cpu"].rstrip("L")) if self.is_hardware else None


def _qemu(target: str, machine: str, memory: MemoryMap) -> Board:
    return Board(target, f"QEMU {machine}", machine.replace("-", "_"), "qemu", machine, memory)


def _mps2(data: int, code: tuple[int, int] = (0, 1 << 20), ram: tuple[int, int] = (0x2000_0000, 1 << 20)) -> MemoryMap:
    return MemoryMap(code, (data, 16 << 20), ram)


_ROWS = (
    _qemu("qemu", "mps2-an386", _mps2(0x2100_0000)),
    _qemu("qemu_m0", "microbit", MemoryMap((0, 0x8000), (0x8000, 0x38000), (0x2000_0000, 0x4000))),
    _qemu("qemu_m3", "mps2-an385", _mps2(0x2100_0000)),
    _qemu("qemu_m7", "mps2-an500", _mps2(0x6000_0000)),
    # secure aliases: the core starts in secure state and stays there
    _qemu("qemu_m33", "mps2-an505", _mps2(0x8000_0000, code=(0x1000_0000, 1 << 20), ram=(0x3820_0000, 1 << 20))),
    _qemu("qemu_m55", "mps3-an547", _mps2(0x6000_0000, code=(0, 0x80000), ram=(0x2000_0000, 0x80000))),
    Board(
        "nano33",
        "Arduino Nano 33 BLE, nRF52840",
        "nano33ble_bare",
        "nrf52840",
        usb=UsbSocket("nano33_usb", program=(0x2341, 0x805A), bootloader=(0x2341, 0x005A), start=0x10000),
        probe_chip="nrf52840",
        microphone=True,
    ),
    Board("nrf52840dk", "nRF52840-DK", "nrf52840dk_bare", "nrf52840", probe_chip="nrf52840"),
    Board("host", "the firmware as a Linux program", "host", "host"),
)

BOARDS: dict[str, Board] = {row.target: row for row in _ROWS}
"""By ``target``."""


def board_with_microphone(target: str) -> Board:
    """Looks a board up whose image listens by a microphone of its own.

    Raises:
        UsageError: it has none, or there is no such board.
    """
    found = board(target)
    if not found.microphone:
        having = ", ".join(row.target for row in _ROWS if row.microphone)
        raise UsageError(f"{target} has no microphone", f"these have one: {having}")
    return found


def board(target: str) -> Board:
    """Looks a board up.

    Raises:
        UsageError: there is none of that name.
    """
    if target in BOARDS:
        return BOARDS[target]
    near = difflib.get_close_matches(target, BOARDS, n=1)
    raise UsageError(f"no target {target}", f"did you mean {near[0]}?" if near else f"targets: {', '.join(BOARDS)}")
