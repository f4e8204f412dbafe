"""The serial protocol: its registry, and how frames and checked lines are coded."""

from __future__ import annotations

import re
import tomllib
import zlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

END = b"%"
FRAME_START = b"!"
READY = "m-ready"
TEXT_MAX = 80
"""Most characters of a text command before its ``%``."""
DB_MAX = 31
"""Bytes per ``db`` line that the runner sends."""


@dataclass(frozen=True)
class Command:
    """One command of the registry.

    Attributes:
        syntax: as typed, without arguments and the closing ``%``.
        arguments: "none", "hex" or "numbers".
        count: least and most numbers.
        answers: regular expressions of the lines before ``m-ready``; a trailing ``*`` repeats a line.
        origin: "runner" for the MLPerf Tiny runner's commands, "dynq" for our own.
    """

    id: str
    syntax: str
    summary: str
    origin: str
    answers: tuple[str, ...]
    arguments: str = "none"
    count: tuple[int, int] = (0, 0)
    usage: str = ""

    @property
    def text(self) -> str:
        """Syntax with the names of its arguments and the closing ``%``."""
        return f"{self.syntax}{' ' + self.usage if self.usage else ''}%"


@dataclass(frozen=True)
class FrameKind:
    """One kind of frame of the registry."""

    id: str
    kind: str
    summary: str
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Registry:
    """Everything a device understands."""

    commands: tuple[Command, ...]
    frames: tuple[FrameKind, ...]

    def command(self, identifier: str) -> Command:
        return next(c for c in self.commands if c.id == identifier)

    def frame(self, identifier: str) -> FrameKind:
        return next(f for f in self.frames if f.id == identifier)


@cache
def registry() -> Registry:
    """Reads ``protocol.toml``."""
    data = tomllib.loads(files("pipeline.device").joinpath("protocol.toml").read_text("utf-8"))
    commands = tuple(
        Command(**{**entry, "answers": tuple(entry["answers"]), "count": tuple(entry.get("count", (0, 0)))})
        for entry in data["command"]
    )
    frames = tuple(FrameKind(**{**entry, "answers": tuple(entry["answers"])}) for entry in data["frame"])
    return Registry(commands, frames)


def answers_match(patterns: tuple[str, ...], lines: list[str]) -> bool:
    """Whether ``lines``, without their checksums, are what the registry declares."""
    expression = "".join(
        f"(?:{p[:-1]}\n)*"
        if p.endswith("*")
        else f"(?:{p[1:-2]}\n)?"
        if p.startswith("(") and p.endswith(")?")
        else f"(?:{p}\n)"
        for p in patterns
    )
    return re.fullmatch(expression, "".join(f"{line}\n" for line in lines)) is not None


def encode_frame(kind: str, data: bytes) -> bytes:
    """A frame ready to send: ``!``, stuffed kind, data and CRC-32, ``%``."""
    body = kind.encode("ascii") + data
    body += zlib.crc32(body).to_bytes(4, "little")
    return FRAME_START + bytes(byte ^ END[0] for byte in _stuff(body)) + END


def _stuff(data: bytes) -> bytes:
    """Consistent Overhead Byte Stuffing: the same bytes without zeros."""
    stuffed = bytearray()
    for run in data.split(b"\0"):
        while len(run) >= 254:
            stuffed += b"\xff" + run[:254]
            run = run[254:]
        stuffed += bytes((len(run) + 1,)) + run
    return bytes(stuffed)


def checked_text(line: str) -> str | None:
    """The text of a line that ends in ``#`` and its CRC-32; None when it does not, or is damaged."""
    text, mark, check = line.rpartition("#")
    if not mark or len(check) != 8:
        return None
    return text if check == f"{zlib.crc32(text.encode('latin-1')):08x}" else None
