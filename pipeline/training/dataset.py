"""Features of a corpus, computed once by the device's front end and kept on disk.

Training clips stay mel *power*, so that augmentation (shift, gain, added noise) is array arithmetic on them, drawn anew
each epoch. Validation and testing clips also become the int8 vectors that the device computes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline._native.compiler import compiler
from pipeline.config import Frontend
from pipeline.corpus import Corpus, Split
from pipeline.frontend import encode, mel_power, window
from pipeline.progress import SILENT, Progress
from pipeline.stages import Stages
from pipeline.training.telephone import over_lines


@dataclass(frozen=True)
class Clips:
    """Featurised clips of one split; index i of every member is the same clip.

    Attributes:
        power: float32 ``[n, hops, bands]``, mel power in squared PCM units; may be mapped from disk, read-only.
        called: float32 ``[n, lines, hops, bands]``, each clip over telephone lines of its own; of a recipe that trains
            without them, no line.
        features: int8 ``[n, inputs]``, the context window in the middle of each clip.
        labels: int64 ``[n]``, 0 silence, 1 unknown, then the keywords.
        speakers: identifier of each clip's speaker.
    """

    power: NDArray[np.float32]
    called: NDArray[np.float32]
    features: NDArray[np.int8]
    labels: NDArray[np.int64]
    speakers: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Dataset:
    """Everything that training and evaluation read.

    Attributes:
        label_names: class names in the order of the logits.
        noise_power: float32 ``[hops, bands]`` recordings for augmentation.
        negatives: float32 ``[hops, bands]`` of speech without keywords to train on, or None.
        key: hash of the corpus, the front end's settings and the code of both.
    """

    label_names: tuple[str, ...]
    training: Clips
    validation: Clips
    testing: Clips
    noise_power: tuple[NDArray[np.float32], ...]
    key: str
    negatives: NDArray[np.float32] | None = None


def centred_features(power: NDArray[np.float32], settings: Frontend) -> NDArray[np.int8]:
    """int8 ``[n, inputs]`` from float32 ``[n, hops, bands]``: the context window in the middle of each clip.

    Raises:
        RecipeError: the clips are shorter than the context window.
    """
    rows = encode(power)
    start = (power.shape[1] - settings.context_hops) // 2
    return np.stack([window(clip, start, settings) for clip in rows])


def prepare(
    corpus: Corpus, settings: Frontend, cache_dir: Path, progress: Progress = SILENT, *, lines: int = 0
) -> Dataset:
    """Featurises a corpus, its clips over so many telephone lines too, or maps the result of an earlier call with the
    same inputs.

    Raises:
        RecipeError: the clips are shorter than the context window.
    """

    def make(folder: Path) -> None:
        # plain .npy files, so that a large corpus is mapped rather than read
        with progress.task("Features", sum(len(split) for _, split in _splits(corpus))) as task:
            for name, split in _splits(corpus):
                heard = []
                for number, clip in enumerate(map(np.ascontiguousarray, split.pcm)):
                    heard.append([mel_power(clip, settings), *over_lines(clip, number, lines, settings)])
                    task.advance()
                power = np.asarray(heard)
                np.save(folder / f"{name}_power.npy", power[:, 0])
                np.save(folder / f"{name}_called.npy", power[:, 1:])
                np.save(folder / f"{name}_features.npy", centred_features(power[:, 0], settings))
        for i, recording in enumerate(corpus.noise):
            np.save(folder / f"noise_{i}.npy", mel_power(recording, settings))

    inputs = {"corpus": corpus.key, "frontend": settings.model_dump(), "lines": lines, "compiler": compiler()}
    stage = Stages(cache_dir, progress).run("features", inputs, make)
    splits = [_read(stage.folder, name, split) for name, split in _splits(corpus)]
    noise = tuple(np.load(stage.folder / f"noise_{i}.npy") for i in range(len(corpus.noise)))
    return Dataset(corpus.labels, splits[0], splits[1], splits[2], noise, stage.key)


def _splits(corpus: Corpus) -> tuple[tuple[str, Split], ...]:
    return ("training", corpus.training), ("validation", corpus.validation), ("testing", corpus.testing)


def _read(folder: Path, name: str, split: Split) -> Clips:
    power, called = (np.load(folder / f"{name}_{which}.npy", mmap_mode="r") for which in ("power", "called"))
    return Clips(power, called, np.load(folder / f"{name}_features.npy"), split.label, split.speakers)
