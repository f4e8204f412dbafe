"""Estimates Cortex-M4 cycles from counted instructions.

The model is zero-wait-state memory and the instruction timings that Arm publishes for the Cortex-M4 r0p1:

- arithmetic, logic, all multiplications and SIMD multiply-accumulates: 1;
- a single load: 2, each further load right behind it: 1; a store: 1 (the write buffer takes it);
- load or store of N registers: 1 + N, LDRD and STRD included;
- move of two registers between core and FPU: 2; other FPU operations: 1, multiply-accumulate 3, division and root 14;
- an FPU result that the very next instruction uses: 1 more;
- integer division: 6 (2 to 12 by operands);
- control that arrives by a branch, call or return: 2 more (1 to 3 by alignment).

Not modelled: flash wait states, bus conflicts, unaligned accesses, folded IT. It is an estimate to compare kernels by.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lab.bench.image import run_tool, tool
from pipeline.cores import ARM_TOOLCHAIN

_CONDITION = r"(?:eq|ne|cs|cc|hs|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)?"
_LOAD = re.compile(rf"(?:ldr(?:b|h|sb|sh)?|vldr){_CONDITION}$")
_MULTIPLE = re.compile(rf"(?:ldm|stm|push|pop|vldm|vstm|vpush|vpop)(?:ia|db)?{_CONDITION}$")
_PAIR = re.compile(rf"(?:ldrd|strd){_CONDITION}$")
_FPU_ACCUMULATE = re.compile(r"v(?:n?ml[as]|fn?m[as])")
_FPU_ARITHMETIC = re.compile(r"v(?:add|sub|n?mul|neg|abs|cvtr?|div|sqrt|n?ml[as]|fn?m[as])")
_DIVISION = re.compile(r"[su]div")
_REGISTER = re.compile(r"\b([a-z]+)(\d+)\b")
_RANGE = re.compile(r"\b([a-z]+)(\d+)-[a-z]*(\d+)\b")

ARRIVAL_CYCLES = 2


@dataclass(frozen=True)
class Instruction:
    """One disassembled instruction."""

    mnemonic: str
    operands: str

    @property
    def is_load(self) -> bool:
        return _LOAD.match(self.mnemonic) is not None


@dataclass(frozen=True)
class Counts:
    """How often an instruction ran, and how often control arrived at it by a branch."""

    executions: int
    arrivals: int


def disassemble(elf: Path) -> dict[int, Instruction]:
    """All instructions of an image by address.

    Raises:
        ToolchainError: no objdump, or it failed.
    """
    listing = run_tool([tool(f"{ARM_TOOLCHAIN}objdump"), "-d", "--no-show-raw-insn", str(elf)], "disassembling")
    found = {}
    for line in listing.splitlines():
        match = re.match(r"\s*([0-9a-f]+):\s+(\S+)\s*([^;@<]*)", line)
        if match:
            found[int(match[1], 16)] = Instruction(match[2].split(".")[0], match[3].strip())
    return found


def _registers(operands: str) -> set[str]:
    names = {f"{kind}{number}" for kind, number in _REGISTER.findall(operands)}
    for kind, first, last in _RANGE.findall(operands):
        names |= {f"{kind}{number}" for number in range(int(first), int(last) + 1)}
    return names


def _words(operands: str) -> int:
    listed = re.search(r"\{(.*)\}", operands)
    names = _registers(listed[1] if listed else operands)
    names |= set(re.findall(r"\b(?:lr|pc|ip|sp|fp|sl)\b", listed[1] if listed else ""))
    return sum(2 if name.startswith("d") else 1 for name in names)


def _waits(before: Instruction, now: Instruction) -> bool:
    """Whether `now` uses the FPU result that `before` gives."""
    if not _FPU_ARITHMETIC.match(before.mnemonic) or not now.mnemonic.startswith("v"):
        return False
    result = before.operands.split(",")[0].strip()
    sources = now.operands if now.mnemonic.startswith(("vmov", "vstr", "vstm")) else now.operands.partition(",")[2]
    return result in _registers(sources)


@cache
def cost(now: Instruction, before: Instruction | None) -> int:
    """Cycles of one execution, given the instruction that lies before it in memory."""
    name = now.mnemonic
    if _MULTIPLE.match(name):
        return 1 + _words(now.operands)
    if _PAIR.match(name):
        return 3
    if now.is_load:
        return 1 if before is not None and before.is_load else 2
    if _DIVISION.match(name):
        return 6
    if name.startswith(("vdiv", "vsqrt")):
        base = 14
    elif _FPU_ACCUMULATE.match(name):
        base = 3
    elif name.startswith("vmov") and now.operands.count(",") == 3:
        base = 2
    else:
        base = 1
    return base + (before is not None and _waits(before, now))


def estimate(program: Mapping[int, Instruction], counts: Mapping[int, Counts]) -> int:
    """Estimated Cortex-M4 cycles of one counted region."""
    addresses = sorted(program)
    previous = dict(zip(addresses[1:], addresses, strict=False))
    cycles = 0
    for address, count in counts.items():
        now, earlier = program[address], previous.get(address)
        before = program[earlier] if earlier is not None and earlier in counts else None
        cycles += count.executions * cost(now, before) + count.arrivals * ARRIVAL_CYCLES
    return cycles
