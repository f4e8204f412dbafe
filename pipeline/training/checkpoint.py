"""Everything a killed training run needs to go on as if it had not been killed, in one file."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.files import replacing


@dataclass(frozen=True)
class Checkpoint:
    """State after a whole epoch.

    Attributes:
        key: hash of what is being trained; a checkpoint of anything else is not used.
        current: all variables of model and optimizer, dropout's random state included.
        best: weights of the best epoch so far.
        progress: plain data of the loop.
    """

    key: str
    current: list[NDArray[Any]]
    best: list[NDArray[Any]]
    progress: dict[str, Any]


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Writes a checkpoint, or leaves the one before it."""
    arrays = {f"current_{i}": value for i, value in enumerate(checkpoint.current)}
    arrays |= {f"best_{i}": value for i, value in enumerate(checkpoint.best)}
    header = json.dumps(
        {
            "key": checkpoint.key,
            "current": len(checkpoint.current),
            "best": len(checkpoint.best),
            "progress": checkpoint.progress,
        }
    )
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, header=np.array(header), **arrays)  # type: ignore[arg-type]


def load_checkpoint(path: Path, key: str) -> Checkpoint | None:
    """Reads the checkpoint of the run called ``key``; None when there is none, or it is another run's or damaged."""
    try:
        with np.load(path) as data:
            header = json.loads(str(data["header"]))
            if header["key"] != key:
                return None
            current = [data[f"current_{i}"] for i in range(header["current"])]
            best = [data[f"best_{i}"] for i in range(header["best"])]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return Checkpoint(key, current, best, header["progress"])
