"""The firmware's parser, compiled for this machine and driven from Python."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline._native import FIRMWARE_LIB, compile_library
from pipeline.device.protocol import registry

APP = FIRMWARE_LIB.parent / "app"

_CDEF = """
typedef struct { int id; int error; uint32_t numbers[2]; uint8_t number_count; char kind; const uint8_t *data;
                 size_t length; const char *text; } protocol_command_t;
typedef struct { char text[81]; uint8_t hex[40]; uint8_t *frame; size_t capacity; size_t count; uint8_t mode;
                 uint8_t stuff_left; bool stuff_zero; } protocol_t;
void protocol_init(protocol_t *parser, uint8_t *frame, size_t capacity);
bool protocol_byte(protocol_t *parser, uint8_t byte, protocol_command_t *command);
"""

_IDS = [c.id for c in registry().commands] + ["FRAME", "INVALID"]
_ERRORS = ["OK", "EMPTY", "UNKNOWN", "TOO_LONG", "BAD_NUMBER", "BAD_HEX", "BAD_FRAME"]


@dataclass(frozen=True)
class Parsed:
    """A command as the C struct gave it."""

    id: str
    error: str = "OK"
    numbers: tuple[int, ...] = ()
    kind: str = ""
    data: bytes = b""
    text: str = ""


class Parser:
    """One parser with a frame buffer of ``capacity`` bytes."""

    def __init__(self, capacity: int = 64) -> None:
        library = compile_library("protocol", (APP / "protocol.c", FIRMWARE_LIB / "dynq/dynq_crc32.c"), _CDEF)
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
            "" if c.kind == b"\0" else c.kind.decode("latin-1"),
            bytes(self._ffi.buffer(c.data, c.length)) if c.data != self._ffi.NULL else b"",
            self._ffi.string(c.text).decode("ascii"),
        )
