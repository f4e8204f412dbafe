"""The firmware's parser, compiled for this machine and driven from Python."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline._native import compile_library, declarations
from pipeline.project import PROJECT
from pipeline.protocol.registry import registry

LIBRARIES = PROJECT / "firmware" / "lib"

APP = LIBRARIES.parent / "app"

_IDS = ["INVALID", *(c.id for c in registry().commands), *(f"FRAME_{f.id}" for f in registry().frames)]
_ERRORS = ["OK", *(error.id for error in registry().errors)]


@dataclass(frozen=True)
class Parsed:
    """A command as the C struct gave it."""

    id: str
    error: str = "OK"
    numbers: tuple[int, ...] = ()
    data: bytes = b""
    text: str = ""


class Parser:
    """One parser with a frame buffer of ``capacity`` bytes."""

    def __init__(self, capacity: int = 64) -> None:
        sources = (APP / "protocol.c", LIBRARIES / "dynq/dynq_crc32.c")
        library = compile_library("protocol", sources, declarations(APP / "protocol.h"))
        self._ffi, self._lib = library.ffi, library.lib
        self._guarded = self._ffi.new("uint8_t[]", capacity + 16)  # 16 bytes that must stay as they are
        self._ffi.memmove(self._guarded + capacity, b"\xa5" * 16, 16)
        self._capacity = capacity
        self._state = self._ffi.new("protocol_t *")
        self._command = self._ffi.new("protocol_command_t *")
        self._lib.protocol_init(self._state, self._guarded, capacity)

    def feed(self, data: bytes) -> list[Parsed]:
        """Commands that ``data`` completes."""
        return [self._copy() for byte in data if self._lib.protocol_byte(self._state, byte, self._command)]

    @property
    def intact(self) -> bool:
        """Whether nothing was written behind the frame buffer."""
        return bytes(self._ffi.buffer(self._guarded + self._capacity, 16)) == b"\xa5" * 16

    def _copy(self) -> Parsed:
        c = self._command
        return Parsed(
            _IDS[c.id],
            _ERRORS[c.error],
            tuple(c.numbers[0 : c.number_count]),
            bytes(self._ffi.buffer(c.data, c.length)) if c.data != self._ffi.NULL else b"",
            self._ffi.string(c.text).decode("ascii"),
        )
