"""The serial protocol: its registry, its documentation page, the firmware's command table, and frames."""

from __future__ import annotations

import re
import tomllib
import zlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from pipeline.files import write_text

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


@cache
def registry() -> Registry:
    """Reads ``protocol.toml``."""
    data = tomllib.loads(files("pipeline.device").joinpath("protocol.toml").read_text("utf-8"))
    commands = tuple(Command(**{**entry, "answers": tuple(entry["answers"]), "count": tuple(entry.get("count", (0, 0)))})
                     for entry in data["command"])
    frames = tuple(FrameKind(**{**entry, "answers": tuple(entry["answers"])}) for entry in data["frame"])
    return Registry(commands, frames)


def answers_match(patterns: tuple[str, ...], lines: list[str]) -> bool:
    """Whether ``lines``, without their checksums, are what the registry declares."""
    expression = "".join(
        f"(?:{p[:-1]}\n)*" if p.endswith("*") else f"(?:{p[1:-2]}\n)?" if p.startswith("(") and p.endswith(")?")
        else f"(?:{p}\n)" for p in patterns)
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


def command_table() -> str:
    """``firmware/app/protocol_commands.h``: the registry as an X-macro."""
    lines = ["/* PROTOCOL_COMMAND(id, syntax, arguments, fewest numbers, most numbers) for every text command.",
             " * Generated from pipeline/device/protocol.toml by `python -m pipeline.device.protocol`. */"]
    lines += [f'PROTOCOL_COMMAND({c.id}, "{c.syntax}", {c.arguments}, {c.count[0]}, {c.count[1]})'
              for c in registry().commands]
    return "\n".join(lines) + "\n"


def page() -> str:
    """``docs/protocol.md``."""
    def table(origin: str) -> str:
        rows = [f"| `{c.text}` | {c.summary} | {_answers(c.answers)} |" for c in registry().commands if c.origin == origin]
        return "\n".join(["| command | what it does | answer before `m-ready` |", "|---|---|---|", *rows])
    frames = [f"| `{f.kind}` | {f.summary} | {_answers(f.answers)} |" for f in registry().frames]
    return _PAGE.format(runner=table("runner"), own=table("dynq"),
                        frames="\n".join(["| kind | what it does | answer before `m-ready` |", "|---|---|---|", *frames]))


def _answers(patterns: tuple[str, ...]) -> str:
    return "<br>".join(f"`{p}`".replace("|", "\\|") for p in patterns) or "nothing"


_PAGE = """\
<!-- Generated from pipeline/device/protocol.toml by `python -m pipeline.device.protocol`. -->
# The serial protocol

115200 baud, 8N1, no flow control. The device speaks the MLPerf Tiny runner's protocol, so that the official runner can drive
it, and some commands of its own in the same form. The registry `pipeline/device/protocol.toml` declares all of it once; this
page, the firmware's command table and the tests of both sides come from there.

- A command is ASCII words separated by one space, at most 80 characters, ended by `%`. CR and LF are ignored.
- An answer is lines ended by CR LF: `m-...`, or `e-[...]` for an error. Every command, a failed one too, ends in `m-ready`.
- At boot: `m-timestamp-mode-performance`, `m-lap-us-N`, `m-init-done`, `m-ready`.
- No command, however malformed, crashes the device, writes out of bounds or leaves it deaf: the next `%` starts afresh.

Answers are regular expressions below; a trailing `*` repeats the line.

## The runner's commands
{runner}

## Our own commands
Every answer line ends in `#` and 8 hex digits: the CRC-32 of the line before the `#`. A float is given as its 32 bits in hex.
{own}

## Frames
A faster way in than hex digits: `!`, bytes, `%`. Decoded, the bytes are one letter that names the kind, the data, and the
CRC-32 of both, little-endian. They are stuffed so that no zero remains (Consistent Overhead Byte Stuffing: each run of up to
254 bytes is preceded by its length + 1, zeros between runs are left out), and then every byte is XORed with `%`, so
that no `%` remains. A byte lost, added or changed costs that one frame, answered by `e-[Damaged frame]`.
{frames}
"""


def main() -> None:
    """Writes the documentation page and the firmware's table."""
    root = Path(__file__).resolve().parents[2]
    write_text(root / "docs" / "protocol.md", page())
    write_text(root / "firmware" / "app" / "protocol_commands.h", command_table())


if __name__ == "__main__":
    main()
