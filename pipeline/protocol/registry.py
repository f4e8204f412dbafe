"""The registry of the serial protocol: ``registry.toml``, read into values."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

import numpy as np


@dataclass(frozen=True)
class FieldType:
    """How a field of a line is written.

    Attributes:
        pattern: regular expression of its text.
        read: the text's value.
        python: type of that value, as source.
        summary: for the documentation.
    """

    pattern: str
    read: Callable[[str], Any]
    python: str
    summary: str


def _words(text: str) -> str:
    """A line is read byte by byte; the keywords in it are UTF-8."""
    return text.encode("latin-1").decode("utf-8", "replace")


def _floats(text: str) -> Any:
    return np.array([int(bits, 16) for bits in text.split(",")], np.uint32).view(np.float32)


TYPES = {
    "number": FieldType("[0-9]{1,20}", int, "int", "decimal"),
    "hex": FieldType("[0-9a-f]{8}", lambda text: int(text, 16), "int", "32 bits in 8 hex digits"),
    "word": FieldType("[^,]+", _words, "str", "text without a comma"),
    "text": FieldType(".+", _words, "str", "any text"),
    "fraction": FieldType(r"(?:[01]\.[0-9]{3}|nan)", float, "float", "0 to 1, three decimals"),
    "fractions": FieldType(
        r"(?:[01]\.[0-9]{3}|nan)(?:,(?:[01]\.[0-9]{3}|nan))*",
        lambda text: tuple(map(float, text.split(","))),
        "tuple[float, ...]",
        "fractions with commas between them",
    ),
    "floats": FieldType(
        "[0-9a-f]{8}(?:,[0-9a-f]{8})*",
        _floats,
        "NDArray[np.float32]",
        "the bits of floats, 8 hex digits each, with commas between them",
    ),
    "bytes": FieldType(
        "[0-9a-f]{2}(?:-[0-9a-f]{2})*",
        lambda text: bytes.fromhex(text.replace("-", "")),
        "bytes",
        "two hex digits each, with - between them",
    ),
}


@dataclass(frozen=True)
class Limit:
    """A number that both sides keep to."""

    name: str
    value: int
    summary: str


@dataclass(frozen=True)
class Line:
    """One line of an answer: literal text and fields ``{name:type}``; with a closing ``#`` it ends in its CRC-32."""

    name: str
    text: str
    summary: str = ""

    @property
    def checked(self) -> bool:
        return self.text.endswith("#")

    @cached_property
    def pieces(self) -> tuple[str, ...]:
        """Literal text, field name, type, literal text, and so on, without the closing ``#``."""
        return tuple(re.split(r"\{([a-z_]+):([a-z]+)\}", self.text.removesuffix("#")))

    @cached_property
    def fields(self) -> dict[str, FieldType]:
        """Type of each field by name."""
        return {name: TYPES[kind] for name, kind in zip(self.pieces[1::3], self.pieces[2::3], strict=True)}

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches the line without its checksum; a group for each field."""
        groups = [f"({field.pattern})" for field in self.fields.values()] + [""]
        return re.compile(
            "".join(re.escape(text) + group for text, group in zip(self.pieces[::3], groups, strict=True))
        )


@dataclass(frozen=True)
class ErrorText:
    """What a device says that cannot do as it is told.

    Attributes:
        line: the whole line, with at most one field.
        damage: whether a damaged command gets it too, so that it is worth asking again.
    """

    id: str
    line: Line
    damage: bool


@dataclass(frozen=True)
class Request:
    """What can be asked: the part that commands and frames share.

    Attributes:
        answers: names of the lines before ``m-ready``, in order: ``A|B`` is one of two, ``A?`` may be missing, ``A*``
            comes any number of times.
    """

    id: str
    summary: str
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Command(Request):
    """A text command.

    Attributes:
        syntax: as typed, without arguments and the closing ``%``.
        origin: "runner" for the MLPerf Tiny runner's commands, "dynq" for our own.
        arguments: "none", "hex" or "numbers".
        count: least and most numbers.
        usage: names of the arguments.
        example, before: a request that is answered as declared, and one to make first; ``{inputs}`` is the length of
            the model's input.
        needs: "inference" or "audio": what the device must have had last; or "microphone": what the board must have.
    """

    syntax: str
    origin: str
    arguments: str = "none"
    count: tuple[int, int] = (0, 0)
    usage: str = ""
    example: str = ""
    before: str = ""
    needs: str = "inference"

    @property
    def text(self) -> str:
        """Syntax with the names of its arguments and the closing ``%``."""
        return f"{self.syntax}{' ' + self.usage if self.usage else ''}%"


@dataclass(frozen=True)
class FrameKind(Request):
    """One kind of frame, named by a letter."""

    kind: str


@dataclass(frozen=True)
class Registry:
    """Everything that a device understands and says.

    Attributes:
        spoken: names of lines that it says between answers.
    """

    limits: tuple[Limit, ...]
    lines: dict[str, Line]
    errors: tuple[ErrorText, ...]
    commands: tuple[Command, ...]
    frames: tuple[FrameKind, ...]
    banner: tuple[str, ...]
    spoken: tuple[str, ...]

    def command(self, identifier: str) -> Command:
        return next(c for c in self.commands if c.id == identifier)

    def frame(self, identifier: str) -> FrameKind:
        return next(f for f in self.frames if f.id == identifier)


@cache
def registry() -> Registry:
    """Reads ``registry.toml``."""
    data = tomllib.loads(files("pipeline.protocol").joinpath("registry.toml").read_text("utf-8"))
    limits = tuple(Limit(name, **entry) for name, entry in data["limits"].items())
    values = {limit.name: limit.value for limit in limits}

    def request(entry: dict[str, Any]) -> dict[str, Any]:
        lists = {key: tuple(value) for key, value in entry.items() if isinstance(value, list)}
        return {**entry, **lists, "summary": entry["summary"].format(**values)}

    return Registry(
        limits,
        {name: Line(name, **entry) for name, entry in data["lines"].items()},
        tuple(
            ErrorText(name, Line(name, f"e-[{entry['text']}]"), entry.get("damage", False))
            for name, entry in data["errors"].items()
        ),
        tuple(Command(**request(entry)) for entry in data["command"]),
        tuple(FrameKind(**request(entry)) for entry in data["frame"]),
        tuple(data["banner"]),
        tuple(data["spoken"]),
    )
