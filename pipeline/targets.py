"""Every target a firmware image can be built for."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from pipeline.errors import UsageError
from pipeline.project import PROJECT
from pipeline.quantization.packing import native_variant


@dataclass(frozen=True)
class Board:
    """One target.

    Attributes:
        target: as on the command line.
        description: for people.
        environment: of platformio.ini.
        definition: name of the board's file in firmware/platform/boards.
        unit: what ``ticks`` become: "instructions", "cycles" or "microseconds".
        units_per_tick: exact factor from the device's ticks to ``unit``.
        clock_hz: of the board that the target stands for; None where time means nothing.
        machine: QEMU's name of it.
    """

    target: str
    description: str
    environment: str
    definition: str
    unit: str
    units_per_tick: Fraction
    clock_hz: int | None = None
    machine: str | None = None

    @cached_property
    def _facts(self) -> dict[str, Any]:
        path = PROJECT / "firmware" / "platform" / "boards" / f"{self.definition}.json"
        facts: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return facts

    @property
    def cpu(self) -> str:
        """ "cortex-m4" and so on, or "host"."""
        return str(self._facts["build"]["cpu"])

    @property
    def flash_limit(self) -> int:
        """Bytes of flash that an image may fill."""
        return int(self._facts["upload"]["maximum_size"])

    @property
    def ram_limit(self) -> int:
        """Bytes of RAM, stack included."""
        return int(self._facts["upload"]["maximum_ram_size"])

    @property
    def variant(self) -> str:
        """Kernel variant that the compiler's feature macros select for this core."""
        return "reference" if self.cpu == "host" else native_variant(self.cpu)

    def to_unit(self, ticks: float) -> float:
        """Device ticks as ``unit``."""
        return float(ticks * self.units_per_tick)


def _qemu(target: str, core: str, definition: str, ticks_per_instruction: Fraction) -> Board:
    machine = definition.replace("_", "-")
    return Board(
        target, f"QEMU {machine}, {core}", target, definition, "instructions", 1 / ticks_per_instruction, None, machine
    )


# QEMU runs with -icount shift=6: an instruction takes 64 ns, and the board's timer counts at its own rate meanwhile.
_BOARDS = (
    _qemu("qemu", "Cortex-M4F", "mps2_an386", Fraction(64 * 25, 1000)),
    _qemu("qemu_m0", "Cortex-M0", "microbit", Fraction(64 * 16, 1000)),
    _qemu("qemu_m3", "Cortex-M3", "mps2_an385", Fraction(64 * 25, 1000)),
    _qemu("qemu_m7", "Cortex-M7", "mps2_an500", Fraction(64 * 25, 1000)),
    _qemu("qemu_m33", "Cortex-M33", "mps2_an505", Fraction(64 * 20, 1000)),
    _qemu("qemu_m55", "Cortex-M55", "mps3_an547", Fraction(64 * 32, 1000)),
    Board(
        "nano33",
        "Arduino Nano 33 BLE, nRF52840, Cortex-M4F",
        "nano33",
        "nano33ble_bare",
        "cycles",
        Fraction(1),
        64_000_000,
    ),
    Board("host", "the firmware as a Linux program", "host", "host", "microseconds", Fraction(1)),
)

TARGETS = tuple(board.target for board in _BOARDS)


def board(target: str) -> Board:
    """Looks a target up.

    Raises:
        UsageError: there is none of that name.
    """
    for candidate in _BOARDS:
        if candidate.target == target:
            return candidate
    near = difflib.get_close_matches(target, TARGETS, n=1)
    raise UsageError(f"no target {target}", f"did you mean {near[0]}?" if near else f"targets: {', '.join(TARGETS)}")
