"""Means over seeds and folds, and paired differences, each with its interval over speakers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.corpus import UNKNOWN_LABEL
from pipeline.errors import ExperimentError
from pipeline.experiments.cells import Answers
from pipeline.experiments.spec import FLOAT
from pipeline.training.evaluate import Estimate, by_speaker, det_curve, keyword_scores
from pipeline.training.threshold import choose_threshold

Floats = NDArray[np.float64]
Model = tuple[str, str]
"""A variant and its weights."""
Runs = Sequence[Sequence[Answers]]
"""What one model answered: of each seed, each fold."""

DET_POINTS = np.geomspace(1e-3, 1, 61)
"""Shares of false accepts at which misses are averaged over seeds and folds."""


@dataclass(frozen=True)
class Difference:
    """One model less another, clip by clip of the same speakers, mean over seeds."""

    recognised: Estimate
    missed: Estimate
    missed_tuned: Estimate


@dataclass(frozen=True)
class Row:
    """One model under one condition. Shares are means over seeds, with intervals over speakers.

    Attributes:
        recognised: keyword clips whose own word has the largest logit.
        missed: keyword clips missed where the threshold lets 1 % of the other words through, under that condition.
        missed_tuned: keyword clips missed at the threshold that does so on the validation clips.
        per_speaker, missed_per_speaker, missed_tuned_per_speaker: the same, each speaker counting alike however
            many clips they said.
        accepted, accepted_unseen: other words that pass at that one; those that no training clip says.
        det: false accepts and misses, both as shares.
        to_float, to_first: less the float twin; less the experiment's first variant with such weights.
    """

    condition: str
    variant: str
    weights: str
    recognised: Estimate
    by_seed: tuple[float, ...]
    per_speaker: Estimate
    missed: Estimate
    missed_by_seed: tuple[float, ...]
    missed_per_speaker: Estimate
    missed_tuned: Estimate
    missed_tuned_per_speaker: Estimate
    accepted: float
    accepted_unseen: float
    det: tuple[tuple[float, float], ...]
    to_float: Difference | None
    to_first: Difference | None


@dataclass(frozen=True)
class _Clips:
    """One model's keyword clips, each array ``[seeds, clips]`` of 0 and 1: float64."""

    recognised: Floats
    missed: Floats
    missed_tuned: Floats


def recognised(labels: NDArray[np.int64], logits: NDArray[np.float32]) -> Floats:
    """1 for each keyword clip ``[k]`` whose own word has the largest logit, else 0."""
    return np.asarray(logits.argmax(axis=1) == labels, np.float64)[labels > UNKNOWN_LABEL]


def missed(labels: NDArray[np.int64], logits: NDArray[np.float32], threshold: float | None = None) -> Floats:
    """1 for each keyword clip ``[k]`` in which that keyword is not detected, else 0; without a threshold, at the one
    that lets 1 % of the other words through."""
    score, which = keyword_scores(logits)
    least = choose_threshold(logits, labels) if threshold is None else threshold
    return np.asarray((score < least) | (which != labels), np.float64)[labels > UNKNOWN_LABEL]


def summarise(models: Mapping[Model, Runs]) -> list[Row]:
    """Every model under every condition that all were asked under, in the order of the models.

    Raises:
        ExperimentError: the models were not judged by the same keyword clips.
    """
    first_variant = next(iter(models))[0]
    speakers = _speakers(models)
    rows = []
    for condition in _conditions(models):
        clips = {model: _clips(runs, condition) for model, runs in models.items()}
        for (variant, weights), runs in models.items():
            own = clips[variant, weights]
            float_twin = clips.get((variant, FLOAT.name)) if weights != FLOAT.name else None
            first = clips.get((first_variant, weights)) if variant != first_variant else None
            accepted, unseen = _accepted(runs, condition)
            rows.append(
                Row(
                    condition,
                    variant,
                    weights,
                    _over(own.recognised, speakers),
                    tuple(own.recognised.mean(axis=1).tolist()),
                    _over(own.recognised, speakers, pooled=False),
                    _over(own.missed, speakers),
                    tuple(own.missed.mean(axis=1).tolist()),
                    _over(own.missed, speakers, pooled=False),
                    _over(own.missed_tuned, speakers),
                    _over(own.missed_tuned, speakers, pooled=False),
                    accepted,
                    unseen,
                    _det(runs, condition),
                    None if float_twin is None else _difference(own, float_twin, speakers),
                    None if first is None else _difference(own, first, speakers),
                )
            )
    return rows


def _conditions(models: Mapping[Model, Runs]) -> list[str]:
    """Those that every fold has: a small one may lack the silence or the other words to make noise of."""
    asked = [one.conditions for runs in models.values() for folds in runs for one in folds]
    return [name for name in asked[0] if all(name in one for one in asked)]


def _speakers(models: Mapping[Model, Runs]) -> NDArray[np.str_]:
    """Speaker of each keyword clip, the same clips for all models and seeds."""
    found: list[tuple[list[str], list[str]]] = []
    for runs in models.values():
        for folds in runs:
            files = [file for one in folds for file in one.truth.files[one.truth.keyword].tolist()]
            said_by = [name for one in folds for name in one.truth.speakers[one.truth.keyword].tolist()]
            found.append((files, said_by))
    if any(files != found[0][0] for files, _ in found):
        raise ExperimentError(
            "the variants are not judged by the same keyword clips, so that nothing pairs",
            "compare settings that leave the corpus's recordings as they are",
        )
    return np.asarray(found[0][1])


def _clips(runs: Runs, condition: str) -> _Clips:
    right, lost, tuned = [], [], []
    for folds in runs:
        asked = [(one, one.truth.labels, one.conditions[condition]) for one in folds]
        right.append(np.concatenate([recognised(labels, logits) for _, labels, logits in asked]))
        lost.append(np.concatenate([missed(labels, logits) for _, labels, logits in asked]))
        tuned.append(np.concatenate([missed(labels, logits, _threshold(one)) for one, labels, logits in asked]))
    return _Clips(np.stack(right), np.stack(lost), np.stack(tuned))


def _threshold(answers: Answers) -> float:
    return choose_threshold(answers.validation, answers.validation_labels)


def _accepted(runs: Runs, condition: str) -> tuple[float, float]:
    """Shares of other words, and of those that training never heard, that pass; NaN where there are none."""
    passed: list[NDArray[np.bool_]] = []
    unseen: list[NDArray[np.bool_]] = []
    for one in (one for folds in runs for one in folds):
        heard = keyword_scores(one.conditions[condition])[0] >= _threshold(one)
        passed.append(heard[one.truth.labels == UNKNOWN_LABEL])
        unseen.append(heard[one.truth.unseen])
    return _share(passed), _share(unseen)


def _share(parts: Sequence[NDArray[np.bool_]]) -> float:
    whole = np.concatenate(parts)
    return float(whole.mean()) if whole.size else float("nan")


def _det(runs: Runs, condition: str) -> tuple[tuple[float, float], ...]:
    misses = []
    for one in (one for folds in runs for one in folds):
        curve = det_curve(one.conditions[condition], one.truth.labels)
        # thresholds ascend, so false accepts descend: the first one that is few enough misses least
        place = np.searchsorted(-np.asarray(curve.false_accept), -DET_POINTS, side="left")
        misses.append(np.asarray(curve.false_reject)[place])
    return tuple(zip(DET_POINTS.tolist(), np.mean(misses, axis=0).tolist(), strict=True))


def _difference(one: _Clips, other: _Clips, speakers: NDArray[np.str_]) -> Difference:
    return Difference(
        _over(one.recognised - other.recognised, speakers),
        _over(one.missed - other.missed, speakers),
        _over(one.missed_tuned - other.missed_tuned, speakers),
    )


def _over(clips: Floats, speakers: NDArray[np.str_], *, pooled: bool = True) -> Estimate:
    return by_speaker(clips.mean(axis=0), speakers, pooled=pooled)
