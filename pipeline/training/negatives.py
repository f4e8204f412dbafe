"""Speech without keywords, of any length: what a listener must not mistake for one."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline._native.compiler import compiler
from pipeline.config import CorpusSection, Frontend
from pipeline.corpus.audio import all_good, read_or_error
from pipeline.corpus.negatives import split_negatives
from pipeline.corpus.sentences import synthetic_sentences
from pipeline.corpus.synthesis import synthesiser_version
from pipeline.errors import CorpusError
from pipeline.progress import SILENT, Progress
from pipeline.stages import Stages
from pipeline.training.telephone import with_lines


def prepare_negatives(
    folder: Path, settings: Frontend, cache_dir: Path, progress: Progress = SILENT
) -> tuple[NDArray[np.float32], str]:
    """Mel power ``[2, hops, bands]`` of a folder's training recordings one after another, as they are and over
    telephone lines, and a key of what it is.

    ``split_negatives`` says which recordings are to train on.

    Raises:
        CorpusError: there is no such recording, the folder's table is none, or a file cannot be decoded.
    """
    files = sorted(folder / name for name, split in split_negatives(folder).items() if split == "training")
    if not files:
        raise CorpusError(f"{folder} holds no recordings to train on", "name a folder of wav or flac files")
    digest = hashlib.sha256()
    for path in files:
        status = path.stat()
        digest.update(f"{path.relative_to(folder)}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())

    def make(target: Path) -> None:
        with progress.task("Speech without keywords", len(files)) as task:
            recordings = all_good(map(read_or_error, files))
            parts = list(with_lines(recordings, settings, task.advance))
        np.save(target / "power.npy", np.concatenate(parts, axis=1))

    inputs = {"content": digest.hexdigest(), "frontend": settings.model_dump(), "compiler": compiler()}
    stage = Stages(cache_dir, progress).run("negatives", inputs, make)
    return np.load(stage.folder / "power.npy", mmap_mode="r"), stage.key


def prepare_sentences(
    section: CorpusSection, seed: int, settings: Frontend, cache_dir: Path, progress: Progress = SILENT
) -> tuple[NDArray[np.float32], str]:
    """Mel power ``[2, hops, bands]`` of synthesised sentences in training voices one after another, as they are and
    over telephone lines, and a key of them.

    Raises:
        CorpusError: the synthesiser is not installed or failed.
    """

    def make(target: Path) -> None:
        sentences = synthetic_sentences(section.keywords, "training", section.sentence_hours, seed, progress)
        parts = list(with_lines((pcm for _, pcm in sentences), settings))
        np.save(target / "power.npy", np.concatenate(parts, axis=1))

    inputs = {
        "keywords": section.keywords,
        "hours": section.sentence_hours,
        "seed": seed,
        "synthesiser": synthesiser_version(),
        "frontend": settings.model_dump(),
        "compiler": compiler(),
    }
    stage = Stages(cache_dir, progress).run("sentences", inputs, make)
    return np.load(stage.folder / "power.npy", mmap_mode="r"), stage.key
