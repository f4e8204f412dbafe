"""What stands in for a board: QEMU, a virtual nRF52840, this computer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipeline.boards import Board, TimeUnit
from pipeline.emulators import host, nrf52840, qemu


class Machine(Protocol):
    """A running emulator: the port that its device is behind, and why it ended by itself, if it did."""

    @property
    def port(self) -> str: ...

    def failure(self) -> str | None: ...


@dataclass(frozen=True)
class Emulator:
    """One emulator.

    Attributes:
        start: runs a board's image (an ELF) for the length of a ``with`` block; raises ToolchainError or DeviceError.
        unit: what the ticks of a device count there, from their rate in Hz by the emulated clock.
        version: of a program outside this project; empty for its own code.
    """

    start: Callable[[Board, Path], AbstractContextManager[Machine]]
    unit: Callable[[int], TimeUnit]
    version: Callable[[], str] = str


EMULATORS: dict[str, Emulator] = {
    "qemu": Emulator(qemu.start, qemu.unit, qemu.version),
    "nrf52840": Emulator(lambda _, elf: nrf52840.start(elf), nrf52840.unit),
    "host": Emulator(host.start, host.unit),
}
"""By the name that the table of boards gives them."""
