"""Stages that run once: each result lives in a folder named after the hash of everything it was made from."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.files import locked, named, sha256_file, write_text
from pipeline.progress import SILENT, Progress
from pipeline.sources import code_version

_RECORD = "stage.json"
_PARTIAL = ".partial"


def hash_of(inputs: Mapping[str, Any]) -> str:
    """Hash of JSON-able stage inputs, 12 hex digits: enough to tell results apart, short enough to read."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True, default=str).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class StageResult:
    """A finished stage.

    Attributes:
        folder: where its files are.
        key: hash of its inputs; part of the inputs of the stages after it.
        cached: whether it was found finished.
        seconds: how long it took when it ran.
    """

    name: str
    folder: Path
    key: str
    cached: bool
    seconds: float


@dataclass
class Stages:
    """Runs stages under one root folder, in order, and remembers what happened.

    A stage works in ``NAME-KEY.partial``, which becomes ``NAME-KEY`` only when the stage ends well. Its record holds a
    checksum of every file: a result of which one byte has changed since is made again, never used.
    """

    root: Path
    progress: Progress = SILENT
    finished: list[StageResult] = field(default_factory=list)

    def run(
        self,
        name: str,
        inputs: Mapping[str, Any],
        make: Callable[[Path], None],
        *,
        keep: bool = True,
        resume: bool = False,
    ) -> StageResult:
        """Returns the finished stage, calling ``make(folder)`` only when no sound result for these inputs exists.

        Another process that makes the same result is waited for.

        Args:
            inputs: all that the result depends on, but for the code: its version is that of the module of ``make``.
            keep: whether an earlier result counts.
            resume: whether ``make`` finds what an interrupted run has left in its folder, and goes on from there.
        """
        everything = {"stage": name, "code": code_version(make.__module__), **inputs}
        folder = self.root / f"{name}-{hash_of(everything)}"
        partial = folder.with_name(folder.name + _PARTIAL)
        result = self._found(name, folder) if keep else None
        if result is None:
            with locked(partial, self.progress):
                if keep and folder.is_dir():  # made by another process since, or damaged
                    result = self._found(name, folder)
                    if result is None:
                        self.progress.info(f"{folder} was damaged or changed: {name} runs again")
                if result is not None:
                    shutil.rmtree(partial)
                else:
                    if not resume:
                        _clear(partial)
                    seconds = _record(name, everything, make, partial)
                    shutil.rmtree(folder, ignore_errors=True)
                    partial.rename(folder)
                    result = StageResult(name, folder, _key(folder), False, seconds)
        self.finished.append(result)
        return result

    def _found(self, name: str, folder: Path) -> StageResult | None:
        """The result in ``folder`` if every byte of it is as it was left."""
        try:
            record = json.loads((folder / _RECORD).read_text("utf-8"))
            if record.pop("seal") == _seal(record) and record["files"] == _checksums(folder, record["files"]):
                return StageResult(name, folder, _key(folder), True, record["seconds"])
        except (OSError, ValueError, LookupError, AttributeError, TypeError):
            pass
        return None


def _record(name: str, inputs: Mapping[str, Any], make: Callable[[Path], None], folder: Path) -> float:
    """Makes a stage's files and the record of them; returns the seconds it took."""
    started = time.monotonic()
    try:
        make(folder)
    except OSError as error:
        raise named(error, folder) from error
    seconds = round(time.monotonic() - started, 2)
    record = {"stage": name, "seconds": seconds, "inputs": inputs, "files": _checksums(folder)}
    write_text(folder / _RECORD, json.dumps({**record, "seal": _seal(record)}, indent=1, default=str))
    return seconds


def _key(folder: Path) -> str:
    return folder.name.rpartition("-")[2]


def _seal(record: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True, default=str).encode()).hexdigest()


def _checksums(folder: Path, names: Mapping[str, str] | None = None) -> dict[str, str]:
    """SHA-256 of all files below a folder, or of the named ones; FileNotFoundError when one of those is not there."""
    if names is None:
        paths = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / _RECORD)
    else:
        paths = [folder / name for name in names]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return {
            path.relative_to(folder).as_posix(): digest
            for path, digest in zip(paths, pool.map(sha256_file, paths), strict=True)
        }


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
