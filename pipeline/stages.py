"""Stages that run once: each result lives in a folder named after the hash of everything it was made from."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.files import write_text
from pipeline.project import PACKAGE, PROJECT

_DONE = "stage.json"


def code_version(*paths: str) -> str:
    """SHA-256 over the sources under the given project-relative files and folders."""
    digest = hashlib.sha256()
    for name in paths:
        base = PACKAGE.parent if name.startswith("pipeline") else PROJECT
        root = base / name
        files = sorted(p for p in root.rglob("*") if p.is_file()) if root.is_dir() else [root]
        for file in files:
            if "__pycache__" not in file.parts:
                digest.update(str(file.relative_to(base)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


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

    A stage works in ``NAME-KEY.partial``, which survives an interruption so that the stage can resume from its own
    checkpoints, and which becomes ``NAME-KEY`` only when the stage ends well.
    """

    root: Path
    finished: list[StageResult] = field(default_factory=list)

    def run(
        self, name: str, inputs: Mapping[str, Any], make: Callable[[Path], None], *, keep: bool = True
    ) -> StageResult:
        """Returns the finished stage, calling ``make(folder)`` only when no result for these inputs exists.

        With ``keep=False`` an earlier result does not count; an interrupted one is still resumed.
        """
        key = hash_of({"stage": name, **inputs})
        folder = self.root / f"{name}-{key}"
        marker = folder / _DONE
        if keep and marker.is_file():
            result = StageResult(name, folder, key, True, float(json.loads(marker.read_text())["seconds"]))
        else:
            partial = folder.with_name(folder.name + ".partial")
            partial.mkdir(parents=True, exist_ok=True)
            started = time.monotonic()
            make(partial)
            seconds = time.monotonic() - started
            write_text(
                partial / _DONE,
                json.dumps(
                    {"stage": name, "seconds": round(seconds, 2), "inputs": dict(inputs)}, indent=1, default=str
                ),
            )
            shutil.rmtree(folder, ignore_errors=True)
            partial.rename(folder)
            result = StageResult(name, folder, key, False, seconds)
        self.finished.append(result)
        return result
