"""Speaker-grouped cross-validation: how settings are chosen, so that the testing split is not used up."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.training.dataset import Clips, Dataset


def subset(clips: Clips, index: NDArray[np.int64]) -> Clips:
    """The clips at ``index``."""
    speakers = tuple(clips.speakers[i] for i in index)
    return Clips(clips.power[index], clips.features[index], clips.labels[index], speakers)


def joined(first: Clips, second: Clips) -> Clips:
    """The clips of both, in this order."""
    return Clips(
        np.concatenate([first.power, second.power]),
        np.concatenate([first.features, second.features]),
        np.concatenate([first.labels, second.labels]),
        first.speakers + second.speakers,
    )


def speaker_folds(speakers: Sequence[str], labels: NDArray[np.int64], folds: int, seed: int = 0) -> NDArray[np.int64]:
    """Fold number of every clip, int64 ``[n]``: no speaker in two folds, classes spread as evenly as that allows.

    Speakers are dealt out from the largest to the smallest, each to the fold with the least of what the speaker says.

    Raises:
        ValueError: fewer speakers than folds.
    """
    names, index = np.unique(np.asarray(speakers), return_inverse=True)
    if not 2 <= folds <= len(names):
        raise ValueError(f"{folds} folds of {len(names)} speakers")
    counts = np.zeros((len(names), int(labels.max()) + 1))
    np.add.at(counts, (index, labels), 1)
    share = counts / np.maximum(counts.sum(axis=0), 1)
    order = np.random.default_rng(seed).permutation(len(names))  # ties between speakers fall differently with each seed
    order = order[np.argsort(-share[order].sum(axis=1), kind="stable")]
    load = np.zeros((folds, share.shape[1]))
    fold_of = np.zeros(len(names), np.int64)
    for position, speaker in enumerate(order):
        cost = load @ share[speaker] + 1e-3 * load.sum(axis=1)
        # the first ones go to empty folds, so that no fold stays empty
        fold = position if position < folds else int(np.argmin(cost))
        fold_of[speaker] = fold
        load[fold] += share[speaker]
    return fold_of[index]


def cross_validation(dataset: Dataset, folds: int = 5, seed: int = 0) -> Iterator[Dataset]:
    """Datasets whose splits are folds of training + validation; the real testing split is left out.

    Fold i is the testing split, the one after it the validation split (for early stopping), the rest is training.
    """
    clips = joined(dataset.training, dataset.validation)
    fold = speaker_folds(clips.speakers, clips.labels, folds, seed)
    for i in range(folds):
        held_out, stopping = fold == i, fold == (i + 1) % folds
        yield dataclasses.replace(
            dataset,
            training=subset(clips, np.flatnonzero(~held_out & ~stopping)),
            validation=subset(clips, np.flatnonzero(stopping)),
            testing=subset(clips, np.flatnonzero(held_out)),
            key=f"{dataset.key}-fold{i}of{folds}-{seed}",
        )
