"""What an ELF says about itself: segments, stack, and which function and line an address belongs to."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from elftools.common.exceptions import ELFError
from elftools.dwarf.callframe import FDE
from elftools.elf.elffile import ELFFile

from pipeline.errors import DeviceError

_BOARDS = ("nano33", "nrf52840dk")
_FRAMES = 32
_SP, _LR, _PC = 13, 14, 15


class Image:
    """A firmware ELF for a Cortex-M.

    Raises:
        DeviceError: the file is missing, no 32-bit Arm ELF, or has no stack symbols.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = path.open("rb")
            self._elf: Any = ELFFile(self._file)
        except (OSError, ELFError) as error:
            raise DeviceError(
                f"{path} is not a firmware image: {error}", "name the .elf that PlatformIO built"
            ) from None
        if self._elf.get_machine_arch() != "ARM":
            raise DeviceError(f"{path} is built for {self._elf.get_machine_arch()}", "build it with --target nano33")
        self.segments: tuple[tuple[int, bytes], ...] = tuple(
            (s["p_paddr"], s.data()) for s in self._elf.iter_segments() if s["p_type"] == "PT_LOAD" and s["p_filesz"]
        )
        if not self.segments:
            raise DeviceError(f"{path} holds nothing to run", "build it again")
        self.vector_table: int = min(address for address, _ in self.segments)
        name = self._board_name()
        if name not in (None, *_BOARDS):
            raise DeviceError(f"{path} is built for {name}", "build it with --target nano33")

    def _board_name(self) -> str | None:
        """What the firmware's ``board_info`` starts with; None where there is none."""
        if "board_info" not in self._symbols:
            return None
        pointer = self._bytes(self._symbols["board_info"])[:4]
        return self._bytes(int.from_bytes(pointer, "little")).partition(b"\0")[0].decode("ascii", "replace")

    def _bytes(self, start: int) -> bytes:
        """All of a segment from an address on."""
        return next((data[start - at :] for at, data in self.segments if at <= start < at + len(data)), b"")

    @cached_property
    def _symbols(self) -> dict[str, int]:
        table = self._elf.get_section_by_name(".symtab")
        return {s.name: s["st_value"] for s in table.iter_symbols() if s.name} if table else {}

    @property
    def stack(self) -> tuple[int, int]:
        """First address of the stack and the one after its last."""
        try:
            return self._symbols["__stack_bottom"], self._symbols["__stack_top"]
        except KeyError:
            raise DeviceError(f"{self.path} has no __stack_bottom and __stack_top", "link it with our script") from None

    def address(self, symbol: str) -> int:
        """Value of a symbol."""
        return self._symbols[symbol]

    @cached_property
    def _functions(self) -> list[tuple[int, int, str]]:
        table = self._elf.get_section_by_name(".symtab")
        return (
            sorted(
                (s["st_value"] & ~1, s["st_size"], s.name)
                for s in table.iter_symbols()
                if s["st_info"]["type"] == "STT_FUNC"
            )
            if table
            else []
        )

    @cached_property
    def _lines(self) -> list[tuple[int, str]]:
        """Address and ``file:line`` of every row of the line tables; an empty name where a sequence ends."""
        if not self._elf.has_dwarf_info():
            return []
        rows: list[tuple[int, str]] = []
        dwarf = self._elf.get_dwarf_info()
        for unit in dwarf.iter_CUs():
            program = dwarf.line_program_for_CU(unit)
            if program is None:
                continue
            files = program["file_entry"]
            first = 0 if program["version"] >= 5 else 1
            for entry in program.get_entries():
                state = entry.state
                if state is None:
                    continue
                if state.end_sequence:
                    rows.append((state.address, ""))
                elif 0 <= state.file - first < len(files):
                    name = PurePosixPath(files[state.file - first].name.decode(errors="replace")).name
                    rows.append((state.address, f"{name}:{state.line}"))
        return sorted(rows, key=lambda row: (row[0], row[1] != ""))

    def describe(self, address: int) -> str:
        """``function (file.c:12) [0x00010234]`` as far as known."""
        address &= ~1
        at = bisect.bisect_right(self._functions, (address, 1 << 32, "")) - 1
        name = "?"
        if at >= 0:
            start, size, candidate = self._functions[at]
            if address < start + max(size, 2):
                name = candidate
        row = bisect.bisect_right([line[0] for line in self._lines], address) - 1
        line = self._lines[row][1] if row >= 0 and name != "?" else ""
        return f"{name} ({line}) [0x{address:08x}]" if line else f"{name} [0x{address:08x}]"

    def backtrace(self, registers: Mapping[str, int], read_word: Callable[[int], int]) -> tuple[str, ...]:
        """The call stack, innermost first, unwound with the ELF's call frame information.

        Args:
            registers: r0..r12, sp, lr, pc by name.
            read_word: reads 32 bits of the target's memory.
        """
        frame = [registers[f"r{i}"] for i in range(13)] + [registers["sp"], registers["lr"], registers["pc"]]
        trace: list[str] = []
        while len(trace) < _FRAMES:
            innermost = not trace
            here = frame[_PC] & ~1
            trace.append(self.describe(here if innermost else here - 2))
            caller = self._unwind(frame, read_word, innermost)
            if caller is None or caller[_PC] & ~1 in (here, 0) or caller[_PC] >= 0xFFFFFFE0:
                break
            frame = caller
        return tuple(trace)

    @cached_property
    def _frame_entries(self) -> list[Any]:
        if not self._elf.has_dwarf_info():
            return []
        dwarf = self._elf.get_dwarf_info()
        return [entry for entry in dwarf.CFI_entries() if isinstance(entry, FDE)] if dwarf.has_CFI() else []

    def _unwind(self, frame: list[int], read_word: Callable[[int], int], innermost: bool) -> list[int] | None:
        pc = (frame[_PC] & ~1) - (0 if innermost else 2)
        entry = next(
            (
                e
                for e in self._frame_entries
                if e["initial_location"] <= pc < e["initial_location"] + e["address_range"]
            ),
            None,
        )
        if entry is None:  # a naked or assembly function: its caller may still be in lr
            return [*frame[:_PC], frame[_LR]] if innermost else None
        rules = next((row for row in reversed(entry.get_decoded().table) if row["pc"] <= pc), None)
        if rules is None or rules["cfa"].reg is None:
            return None
        cfa = frame[rules["cfa"].reg] + rules["cfa"].offset
        caller = list(frame)
        for number in range(_PC):
            rule = rules.get(number)
            if rule is not None and rule.type == "OFFSET":
                caller[number] = read_word(cfa + rule.arg & 0xFFFFFFFF)
        if _LR not in rules and not innermost:
            return None
        caller[_SP] = cfa
        caller[_PC] = caller[_LR]
        return caller
