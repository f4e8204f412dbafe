"""Speaker-grouped cross-validation: how settings are chosen, so that the testing split is not used up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.corpus import SILENCE_LABEL
from pipeline.corpus.data import is_synthesised
from pipeline.errors import ExperimentError
from pipeline.training.dataset import Clips


def subset(clips: Clips, index: NDArray[np.int64]) -> Clips:
    """The clips at ``index``."""
    speakers = tuple(clips.speakers[i] for i in index)
    return Clips(clips.power[index], clips.called[index], clips.features[index], clips.labels[index], speakers)


def joined(first: Clips, second: Clips) -> Clips:
    """The clips of both, in this order."""
    return Clips(
        np.concatenate([first.power, second.power]),
        np.concatenate([first.called, second.called]),
        np.concatenate([first.features, second.features]),
        np.concatenate([first.labels, second.labels]),
        first.speakers + second.speakers,
    )


def speaker_folds(speakers: Sequence[str], labels: NDArray[np.int64], folds: int, seed: int = 0) -> NDArray[np.int64]:
    """Fold number of every clip, int64 ``[n]``: no speaker in two folds, classes spread as evenly as that allows.

    Speakers are dealt out from the largest to the smallest, each to the fold with the least of what the speaker says.

    Raises:
        ExperimentError: fewer speakers than folds.
    """
    names, index = np.unique(np.asarray(speakers), return_inverse=True)
    if not 2 <= folds <= len(names):
        raise ExperimentError(f"{folds} folds of {len(names)} speakers", "at least two, and no more than speakers")
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


TRAINED_ON = -1
"""The fold number of clips that every fold trains on."""


def clip_folds(
    files: Sequence[str], speakers: Sequence[str], labels: NDArray[np.int64], kept: int, folds: int
) -> NDArray[np.int64]:
    """Fold number of every clip, int64 ``[n]``, the same for any seed of the corpus.

    Recordings go by speaker. Synthesised speech is always trained on, as is the silence of the first ``kept`` clips,
    the training split: its noise is what training adds to speech. Other silence goes to the folds in turn.

    Raises:
        ExperimentError: fewer speakers than folds.
    """
    synthesised = np.asarray([is_synthesised(file) for file in files])
    silent = labels == SILENCE_LABEL
    if synthesised[~silent].all():  # there are no recordings to judge by: voices are speakers
        synthesised[:] = False
    fold = np.full(len(files), TRAINED_ON, np.int64)
    spoken = np.flatnonzero(~silent & ~synthesised)
    fold[spoken] = speaker_folds(list(np.asarray(speakers)[spoken]), labels[spoken], folds)
    other = np.flatnonzero(silent)
    other = other[other >= kept]
    fold[other] = np.arange(len(other)) % folds
    return fold
