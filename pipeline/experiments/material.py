"""What one cell trains and is judged on: the splits of a corpus, or folds of what is not for testing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from pipeline.corpus import UNKNOWN_LABEL
from pipeline.corpus.data import word_of
from pipeline.experiments.folds import clip_folds, joined, subset
from pipeline.training.dataset import Clips, Dataset
from pipeline.workflow.data import Data, HeldOutClips


@dataclass(frozen=True)
class Truth:
    """The clips that a model is judged by.

    Attributes:
        files: their names, by which clips of two models are known to be the same.
        labels: int64 ``[n]``.
        unseen: bool ``[n]``, other words that no training clip says.
    """

    files: NDArray[np.str_]
    labels: NDArray[np.int64]
    speakers: NDArray[np.str_]
    unseen: NDArray[np.bool_]

    @property
    def keyword(self) -> NDArray[np.bool_]:
        return np.asarray(self.labels > UNKNOWN_LABEL)


@dataclass(frozen=True)
class Material:
    """What is trained on, what is judged by, and what thresholds are chosen on."""

    dataset: Dataset
    test: HeldOutClips
    validation: HeldOutClips
    truth: Truth


def whole(data: Data) -> Material:
    """The splits as the corpus has them, the testing split another folder's when one was given."""
    corpus, held_out = data.tested, data.held_out
    truth = _truth(corpus.training.files, corpus.testing.files, held_out.test)
    return Material(data.dataset, held_out.test, held_out.validation, truth)


def folded(data: Data, fold: int, folds: int) -> Material:
    """Fold ``fold`` of ``folds`` of training and validation to be judged by, the next one to validate on, the others to
    train on; the testing split is not touched.

    Raises:
        ExperimentError: see ``clip_folds``.
    """
    parts = data.corpus.training, data.corpus.validation
    clips = data.dataset.training, data.dataset.validation
    files = parts[0].files + parts[1].files
    labels = np.concatenate([part.label for part in parts])
    kept = len(parts[0])
    number = clip_folds(files, parts[0].speakers + parts[1].speakers, labels, kept, folds)
    judged, stopping = number == fold, number == (fold + 1) % folds

    def taken(where: NDArray[np.bool_]) -> Clips:
        return joined(subset(clips[0], np.flatnonzero(where[:kept])), subset(clips[1], np.flatnonzero(where[kept:])))

    def held_out(where: NDArray[np.bool_]) -> HeldOutClips:
        found = taken(where)
        pcm = np.concatenate([parts[0].pcm[where[:kept]], parts[1].pcm[where[kept:]]])
        return HeldOutClips(found.features, found.labels, found.speakers, data.description, data.folder, pcm)

    trained_on = ~judged & ~stopping
    test, validation = held_out(judged), held_out(stopping)
    dataset = replace(
        data.dataset,
        training=taken(trained_on),
        validation=taken(stopping),
        testing=taken(judged),
        key=f"{data.dataset.key}-fold{fold}of{folds}",
    )
    truth = _truth(list(compress(files, trained_on)), list(compress(files, judged)), test)
    return Material(dataset, test, validation, truth)


def _truth(trained_on: Sequence[str], files: Sequence[str], test: HeldOutClips) -> Truth:
    said = {word_of(file) for file in trained_on}
    unseen = np.asarray([word_of(file) not in said for file in files])
    return Truth(np.asarray(files), test.labels, np.asarray(test.speakers), unseen & (test.labels == UNKNOWN_LABEL))
