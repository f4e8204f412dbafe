"""What ended a run."""

from __future__ import annotations

from dataclasses import dataclass

import unicorn
from unicorn.unicorn_py3.unicorn import UcError

from pipeline.emulators.nrf52840 import core

REGISTER_NAMES = (*(f"r{i}" for i in range(13)), "sp", "lr", "pc", "xpsr")


@dataclass(frozen=True)
class Fault:
    """Why a run ended: the registers by name as they were, and the call stack, innermost first."""

    reason: str
    registers: dict[str, int]
    backtrace: tuple[str, ...]
    instructions: int

    def __str__(self) -> str:
        names = list(self.registers)
        rows = [names[i : i + 4] for i in range(0, len(names), 4)]
        registers = "\n".join("  " + "  ".join(f"{n:>4} {self.registers[n]:08x}" for n in row) for row in rows)
        return "\n".join(
            [
                f"{self.reason} after {self.instructions:,} instructions",
                *(f"  at {frame}" for frame in self.backtrace),
                registers,
            ]
        )


class FaultError(Exception):
    """Ends :meth:`Machine.run`."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def describe(error: UcError) -> tuple[str, int]:
    """What a Unicorn error is on the chip, and the CFSR bits it sets."""
    return {
        unicorn.UC_ERR_READ_UNMAPPED: ("read where nothing is", core.PRECISE_BUS_FAULT),
        unicorn.UC_ERR_WRITE_UNMAPPED: ("write where nothing is", core.PRECISE_BUS_FAULT),
        unicorn.UC_ERR_WRITE_PROT: ("write to flash", core.PRECISE_BUS_FAULT),
        unicorn.UC_ERR_FETCH_UNMAPPED: ("jump to where nothing is", core.INSTRUCTION_BUS_FAULT),
        unicorn.UC_ERR_INSN_INVALID: ("undefined instruction", core.UNDEFINED_INSTRUCTION),
        unicorn.UC_ERR_EXCEPTION: ("undefined instruction or unhandled exception", core.UNDEFINED_INSTRUCTION),
    }.get(error.errno, (f"Unicorn stopped: {error}", 0))
