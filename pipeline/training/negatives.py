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
from pipeline.frontend import mel_power
from pipeline.progress import SILENT, Progress
from pipeline.stages import Stages


def prepare_negatives(
    folder: Path, settings: Frontend, cache_dir: Path, progress: Progress = SILENT
) -> tuple[NDArray[np.float32], str]:
    """Mel power ``[hops, bands]`` of a folder's training recordings one after another, and a key of what it is.

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
        parts = []
        with progress.task("Speech without keywords", len(files)) as task:
            for pcm in all_good(map(read_or_error, files)):
                parts.append(mel_power(pcm, settings))
                task.advance()
        np.save(target / "power.npy", np.concatenate(parts))

    inputs = {"content": digest.hexdigest(), "frontend": settings.model_dump(), "compiler": compiler()}
    stage = Stages(cache_dir, progress).run("negatives", inputs, make)
    return np.load(stage.folder / "power.npy", mmap_mode="r"), stage.key


def prepare_sentences(
    section: CorpusSection, seed: int, settings: Frontend, cache_dir: Path, progress: Progress = SILENT
) -> tuple[NDArray[np.float32], str]:
    """Mel power ``[hops, bands]`` of synthesised sentences in training voices one after another, and a key of them.

    Raises:
        CorpusError: the synthesiser is not installed or failed.
    """

    def make(target: Path) -> None:
        sentences = synthetic_sentences(section.keywords, "training", section.sentence_hours, seed, progress)
        np.save(target / "power.npy", np.concatenate([mel_power(pcm, settings) for _, pcm in sentences]))

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
