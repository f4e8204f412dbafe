"""Answers of a device, read as the registry declares them."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from pipeline.protocol import declared
from pipeline.protocol.registry import Line, registry

T = TypeVar("T")


class Damaged(Exception):
    """An answer that is not what the registry declares, or proves nothing: ask again."""


@dataclass(frozen=True)
class Answer:
    """An answer as records of :mod:`pipeline.protocol.declared`; lines without fields leave none."""

    records: tuple[object, ...]

    def all(self, kind: type[T]) -> tuple[T, ...]:
        """The records of one kind, in order."""
        return tuple(record for record in self.records if isinstance(record, kind))

    def one(self, kind: type[T]) -> T:
        """The only record of its kind."""
        (record,) = self.all(kind)
        return record


def read_answer(answers: Sequence[str], lines: Sequence[str]) -> Answer:
    """Reads the lines of an answer, ``m-ready`` left out.

    Args:
        answers: what they must be, as in :class:`pipeline.protocol.registry.Request`.

    Raises:
        Damaged: they are something else, or a checksum is wrong.
    """
    known = registry().lines
    records: list[object] = []
    at = 0
    for declaration in answers:
        kinds = [known[name] for name in declaration.rstrip("*?").split("|")]
        most = len(lines) if declaration.endswith("*") else 1
        least = 0 if declaration.endswith(("*", "?")) else 1
        found = 0
        while found < most and at < len(lines) and (read := _read_line(kinds, lines[at])) is not None:
            records += read
            at, found = at + 1, found + 1
        if found < least:
            raise Damaged(" / ".join(lines)[:200])
    if at < len(lines):
        raise Damaged(" / ".join(lines)[:200])
    return Answer(tuple(records))


def _read_line(kinds: list[Line], text: str) -> list[object] | None:
    """The record of a line, if it has fields; None when it is of none of the kinds."""
    for kind in kinds:
        plain = checked_text(text) if kind.checked else text
        match = kind.pattern.fullmatch(plain) if plain is not None else None
        if match is not None:
            values = [field.read(value) for field, value in zip(kind.fields.values(), match.groups(), strict=True)]
            return [getattr(declared, kind.name)(*values)] if values else []
    return None


def checked_text(line: str) -> str | None:
    """The text of a line that ends in ``#`` and its CRC-32; None when it does not, or is damaged."""
    text, mark, check = line.rpartition("#")
    if not mark or len(check) != 8:
        return None
    return text if check == f"{zlib.crc32(text.encode('latin-1')):08x}" else None
