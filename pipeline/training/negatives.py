"""Speech without keywords, of any length: what a listener must not mistake for one."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline._native.compiler import compiler
from pipeline.config import Frontend
from pipeline.corpus import SPLITS, SplitName
from pipeline.corpus.audio import SUFFIXES, all_good, read_or_error
from pipeline.corpus.folder import hash_split
from pipeline.errors import CorpusError
from pipeline.frontend import mel_power
from pipeline.progress import SILENT, Progress
from pipeline.stages import Stages

_LIST = "metadata.csv"


def prepare_negatives(
    folder: Path, settings: Frontend, cache_dir: Path, progress: Progress = SILENT
) -> tuple[NDArray[np.float32], str]:
    """Mel power ``[hops, bands]`` of a folder's training recordings one after another, and a key of what it is.

    A file ``metadata.csv`` in the folder with the columns ``file`` and ``split`` says which recordings are to train on.
    Without it the hash of a recording's name does, as with keywords, so that some are left to test with.

    Raises:
        CorpusError: there is no such recording, the list is not one, or a file cannot be decoded.
    """
    files = [path for path, split in _splits(folder).items() if split == "training"]
    if not files:
        raise CorpusError(f"{folder} holds no recordings to train on", "name a folder of wav or flac files")
    digest = hashlib.sha256()
    for path in files:
        status = path.stat()
        digest.update(f"{path.relative_to(folder)}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())

    def make(target: Path) -> None:
        parts = []
        with progress.task("Speech without keywords", len(files)) as task:
            for pcm in all_good(map(read_or_error, files)):
                parts.append(mel_power(pcm, settings))
                task.advance()
        np.save(target / "power.npy", np.concatenate(parts))

    inputs = {"content": digest.hexdigest(), "frontend": settings.model_dump(), "compiler": compiler()}
    stage = Stages(cache_dir, progress).run("negatives", inputs, make)
    return np.load(stage.folder / "power.npy", mmap_mode="r"), stage.key


def _splits(folder: Path) -> dict[Path, SplitName]:
    """The recordings of a folder and the split of each, in order of their names."""
    listed = folder / _LIST
    if not listed.is_file():
        there = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
        return {path: hash_split(path.name) for path in there}
    try:
        with listed.open(encoding="utf-8", newline="") as file:
            rows = [(folder / row["file"], row["split"]) for row in csv.DictReader(file)]
    except (KeyError, UnicodeDecodeError, csv.Error) as error:
        raise CorpusError(f"{listed} is no list of recordings: {error}", "its columns are file and split") from None
    unknown = [f"{path.name} into a split {split!r}" for path, split in rows if split not in SPLITS]
    if unknown:
        raise CorpusError(f"{listed} puts {unknown[0]}", f"there are {', '.join(SPLITS)}")
    missing = [path.name for path, _ in rows if not path.is_file()]
    if missing:
        raise CorpusError(f"{listed} names {len(missing)} files that are not there, {missing[0]} first", "see the list")
    return dict(sorted(rows))  # type: ignore[arg-type]
