"""Values on disk as they come in, so that what was interrupted goes on where it stopped."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from pipeline.errors import KwsError
from pipeline.files import write_text


class Journal:
    """A file that grows by one JSON value a line, behind a line that says what they belong to.

    A file with another first line is started afresh. Every line ends in the CRC-32 of the first one and of itself:
    damaged lines, a last one cut short, and those that came from another journal are dropped.

    Args:
        path: of the file; None keeps the values in memory only.
        key: the first line.

    Raises:
        KwsError: the file cannot be written.
    """

    def __init__(self, path: Path | None, key: str) -> None:
        self.values: list[Any] = []
        self._path = path
        self._key = key
        self._file: TextIO | None = None
        if path is None:
            return
        try:
            lines = path.read_text("utf-8", "replace").splitlines() if path.is_file() else []
            kept = [line for line in lines[1:] if self._is_own(line)] if lines[:1] == [key] else []
            write_text(path, "".join(f"{line}\n" for line in [key, *kept]))
            self.values = [json.loads(line.rpartition(" ")[0]) for line in kept]
            self._file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise self._failed(error) from None

    def add(self, value: Any) -> None:
        """Appends a value that JSON can say."""
        text = json.dumps(value)
        self.values.append(value)
        if self._file is not None:
            try:
                self._file.write(f"{text} {self._check(text)}\n")
                self._file.flush()
            except OSError as error:
                raise self._failed(error) from None

    def _failed(self, error: OSError) -> KwsError:
        return KwsError(f"cannot write {self._path}: {error.strerror}", "name another folder with --out")

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def _check(self, text: str) -> str:
        return f"{zlib.crc32(text.encode(), zlib.crc32(self._key.encode())):08x}"

    def _is_own(self, line: str) -> bool:
        text, _, check = line.rpartition(" ")
        return check == self._check(text)
