"""What stands in for a board: QEMU, a virtual nRF52840, this computer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipeline.boards import Board, TimeUnit, board_with_microphone
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
        hearing: the same with a microphone that hears a file of raw 16-bit mono samples at 16 kHz, in real time or as
            fast as possible; None where no board has a microphone.
        version: of a program outside this project; empty for its own code.
        check: raises ToolchainError where a program is missing.
    """

    start: Callable[[Board, Path], AbstractContextManager[Machine]]
    unit: Callable[[int], TimeUnit]
    hearing: Callable[[Path, Path, bool], AbstractContextManager[Machine]] | None = None
    version: Callable[[], str] = str
    check: Callable[[], object] = str


EMULATORS: dict[str, Emulator] = {
    "qemu": Emulator(qemu.start, qemu.unit, version=qemu.version, check=qemu.check),
    "nrf52840": Emulator(
        lambda _, elf: nrf52840.start(elf),
        nrf52840.unit,
        lambda elf, sound, hurry: nrf52840.start(elf, microphone=sound, hurry=hurry),
    ),
    "host": Emulator(host.start, host.unit),
}
"""By the name that the table of boards gives them."""


def start_hearing(board: Board, elf: Path, sound: Path, *, hurry: bool) -> AbstractContextManager[Machine]:
    """Starts a board's emulator with something to hear.

    Args:
        sound: file of raw 16-bit mono samples at 16 kHz, played whenever the board starts to listen.
        hurry: as fast as possible, not as fast as it sounds.

    Raises:
        UsageError: the board has no microphone.
    """
    hearing = EMULATORS[board_with_microphone(board.target).emulator].hearing
    assert hearing is not None
    return hearing(elf, sound, hurry)
