"""What a corpus is once loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
SILENCE_LABEL = 0
UNKNOWN_LABEL = 1

SplitName = Literal["training", "validation", "testing"]
SPLITS: tuple[SplitName, ...] = ("training", "validation", "testing")
SYNTHESISED_FOLDER = "_synthesised_"
"""Where the names of synthesised clips among recordings begin."""


def is_synthesised(file: str) -> bool:
    """Whether a clip of speech is made up, by its name: recordings have a path."""
    return "/" not in file or file.startswith(f"{SYNTHESISED_FOLDER}/")


def word_of(file: str) -> str:
    """What is said in a clip of speech, by its name: a recording's folder, or what the synthesiser was told."""
    return file.rpartition("/")[2].rpartition("_")[0] if is_synthesised(file) else file.partition("/")[0]


@dataclass(frozen=True)
class Split:
    """Clips of one split; index i of every member is the same clip.

    Attributes:
        pcm: int16 ``[n, samples]``, 16 kHz mono; may be mapped from the cache, read-only.
        label: int64 ``[n]``, 0 silence, 1 unknown, then the keywords.
        speakers: identifier of each clip's speaker; for silence, of the noise recording.
        files: path relative to the data folder, or a made-up name of a made-up clip.
    """

    pcm: NDArray[np.int16]
    label: NDArray[np.int64]
    speakers: tuple[str, ...]
    files: tuple[str, ...]

    def __post_init__(self) -> None:
        n = len(self.pcm)
        if not (self.label.shape == (n,) and len(self.speakers) == len(self.files) == n):
            raise ValueError("clips, labels, speakers and file names differ in number")

    def __len__(self) -> int:
        return len(self.pcm)


def joined(first: Split, second: Split) -> Split:
    """The clips of both, in this order."""
    return Split(
        np.concatenate([first.pcm, second.pcm]),
        np.concatenate([first.label, second.label]),
        first.speakers + second.speakers,
        first.files + second.files,
    )


@dataclass(frozen=True)
class Corpus:
    """Speech ready for training.

    Attributes:
        labels: class names in the order of the logits.
        noise: int16 recordings for augmentation; no sample of them is in a validation or testing clip.
        key: hex; changes whenever any clip, label or split may have. Empty outside the cache.
    """

    labels: tuple[str, ...]
    training: Split
    validation: Split
    testing: Split
    noise: tuple[NDArray[np.int16], ...]
    key: str = ""

    def split(self, name: SplitName) -> Split:
        return {"training": self.training, "validation": self.validation, "testing": self.testing}[name]
