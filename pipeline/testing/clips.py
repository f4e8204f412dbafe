"""The clips that a board is tested with: a few of a folder of recordings, or made-up sound."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.device.cost import listening_audio
from pipeline.frontend import features
from pipeline.layers import QuantizedModel, logits
from pipeline.progress import SILENT
from pipeline.project import cache_folder
from pipeline.workflow.data import clips_to_test

MADE_UP = 3
"""Clips of made-up sound: more of it would show nothing new."""


@dataclass(frozen=True)
class Clips:
    """Clips, and what a model says to them.

    Attributes:
        pcm: int16 ``[n, samples]``, 16 kHz.
        features: int8 ``[n, inputs]``, what the front end makes of them.
        labels: int64 ``[n]``, index of each clip's label; None where the sound is made up.
        reference: float32 ``[n, labels]``, the logits that every board must answer with.
    """

    pcm: NDArray[np.int16]
    features: NDArray[np.int8]
    labels: NDArray[np.int64] | None
    reference: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.features)


def recorded(model: QuantizedModel, folder: Path, count: int) -> Clips:
    """Clips of the test split of a folder of recordings, as many of each label as there are, always the same.

    Raises:
        ModelFileError: the model's labels are not those of a keyword spotter of this project.
        CorpusError: the folder does not hold its words.
    """
    test = clips_to_test(model, folder, cache_folder("corpora"), SILENT)
    chosen = balanced(test.labels, count)
    rows = test.features[chosen]
    return Clips(test.pcm[chosen], rows, test.labels[chosen], logits(model, rows))


def balanced(labels: NDArray[np.int64], count: int) -> NDArray[np.intp]:
    """Indices of ``count`` clips, or of all when there are fewer: of each label as many as of the others, or all."""
    order = np.random.default_rng(0).permutation(len(labels))
    turn = np.empty(len(labels), np.int64)  # which of its label's clips each one is
    for label in np.unique(labels):
        own = order[labels[order] == label]
        turn[own] = np.arange(len(own))
    return np.sort(np.lexsort((labels, turn))[:count])


def made_up(model: QuantizedModel, count: int = MADE_UP) -> Clips:
    """Noise from silence to full scale, the same every time."""
    samples = model.frontend.context_samples
    pcm = listening_audio(count * samples).reshape(count, samples)
    rows = np.stack([features(clip, model.frontend) for clip in pcm])
    return Clips(pcm, rows, None, logits(model, rows))
