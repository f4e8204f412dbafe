"""Results on disk as they come in, so that an interrupted test goes on where it stopped."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from types import TracebackType
from typing import TextIO

import numpy as np

from pipeline.device.client import Inference
from pipeline.errors import DeviceError
from pipeline.files import write_text


class Journal:
    """Append-only lines of index, ticks and logits, behind a first line that says what they are results of.

    A journal of another build or other features is started afresh; a last line cut short is dropped.
    """

    def __init__(self, path: Path | None, key: str) -> None:
        self.results: dict[int, Inference] = {}
        self._file: TextIO | None = None
        if path is None:
            return
        try:
            self._resume(path, key)
        except OSError as error:
            raise DeviceError(f"cannot write {path}: {error.strerror}", "name another folder with --out") from None

    def _resume(self, path: Path, key: str) -> None:
        lines = path.read_text("ascii", "replace").splitlines() if path.is_file() else []
        self.results = (
            {index: result for index, result in map(_parse, lines[1:]) if result is not None}
            if lines[:1] == [key]
            else {}
        )
        write_text(path, key + "\n" + "".join(_line(index, result) for index, result in self.results.items()))
        self._file = path.open("a", encoding="ascii")

    def add(self, index: int, result: Inference) -> None:
        self.results[index] = result
        if self._file is not None:
            self._file.write(_line(index, result))
            self._file.flush()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()


def _line(index: int, result: Inference) -> str:
    text = json.dumps([index, result.ticks, result.logits.tobytes().hex()])
    return f"{text} {zlib.crc32(text.encode()):08x}\n"


def _parse(line: str) -> tuple[int, Inference | None]:
    text, _, check = line.rpartition(" ")
    if check != f"{zlib.crc32(text.encode()):08x}":
        return -1, None
    index, ticks, logits = json.loads(text)
    return index, Inference(np.frombuffer(bytes.fromhex(logits), np.float32), ticks)
