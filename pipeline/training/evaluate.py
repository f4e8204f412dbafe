"""How well a keyword spotter does on labelled clips, with the uncertainty that few speakers bring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.corpus import SILENCE_LABEL, UNKNOWN_LABEL
from pipeline.quantization import softmax

RESAMPLES = 2000


@dataclass(frozen=True)
class Estimate:
    """A share of clips, 0..1, with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class DetCurve:
    """Detection error trade-off of "a keyword was said", one point per threshold, thresholds ascending.

    Attributes:
        threshold: smallest posterior that counts as a detection.
        false_accept: share of clips of other words in which a keyword is detected. Silence, which is easy, would only
            flatter it.
        false_reject: share of keyword clips in which *that* keyword is not detected.
    """

    threshold: tuple[float, ...]
    false_accept: tuple[float, ...]
    false_reject: tuple[float, ...]


@dataclass(frozen=True)
class Evaluation:
    """Results on one split.

    A clip's prediction is its largest logit among all classes. Intervals resample whole speakers, since clips of one
    speaker are far from independent.

    Attributes:
        keyword_accuracy: keyword clips recognised as their own keyword, among all classes; pooled over clips.
        speaker_keyword_accuracy: the same, averaged per speaker first.
        accuracy_without_silence: all clips but silence, which is easy.
        confusion: rows are the true classes, columns the predicted ones, in the order of the logits.
    """

    keyword_accuracy: Estimate
    speaker_keyword_accuracy: Estimate
    accuracy_without_silence: Estimate
    confusion: tuple[tuple[int, ...], ...]
    det: DetCurve


def evaluate(
    logits: ArrayLike, labels: ArrayLike, speakers: tuple[str, ...] | list[str], label_names: tuple[str, ...]
) -> Evaluation:
    """Evaluates float32 logits ``[n, classes]`` against int labels ``[n]``.

    Shares of clips that a split does not have (no keywords, only silence) are NaN.
    """
    scores = np.asarray(logits, np.float32)
    truth = np.asarray(labels, np.int64)
    if scores.shape != (len(truth), len(label_names)) or len(speakers) != len(truth):
        raise ValueError(
            f"{scores.shape} logits for {len(truth)} labels, {len(speakers)} speakers, {len(label_names)} names"
        )
    predicted = scores.argmax(axis=1)
    correct = predicted == truth
    keyword = truth > UNKNOWN_LABEL
    names = np.asarray(speakers)
    confusion = np.zeros((len(label_names), len(label_names)), np.int64)
    np.add.at(confusion, (truth, predicted), 1)
    return Evaluation(
        keyword_accuracy=by_speaker(correct[keyword], names[keyword], pooled=True),
        speaker_keyword_accuracy=by_speaker(correct[keyword], names[keyword], pooled=False),
        accuracy_without_silence=by_speaker(
            correct[truth != SILENCE_LABEL], names[truth != SILENCE_LABEL], pooled=True
        ),
        confusion=tuple(tuple(int(v) for v in row) for row in confusion),
        det=det_curve(scores, truth),
    )


def keyword_scores(logits: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """A clip's score, ``[n]``, is its largest keyword posterior; and the label that it is of, ``[n]``."""
    keywords = softmax(logits)[:, UNKNOWN_LABEL + 1 :].astype(np.float64)
    if not keywords.size:
        return np.zeros(len(logits)), np.full(len(logits), -1)
    return keywords.max(axis=1), keywords.argmax(axis=1) + UNKNOWN_LABEL + 1


def det_curve(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> DetCurve:
    """Every threshold at which an error rate changes."""
    score, which = keyword_scores(logits)
    negatives = np.sort(score[labels == UNKNOWN_LABEL])
    is_keyword = labels > UNKNOWN_LABEL
    positives = np.sort(np.where(which == labels, score, -1.0)[is_keyword])  # the wrong keyword is never right
    # the last threshold, just above 1, accepts nothing whatever the scores
    thresholds = np.append(np.unique(score[labels != SILENCE_LABEL]), np.nextafter(1.0, 2.0))
    accepted = (len(negatives) - np.searchsorted(negatives, thresholds, "left")) / max(1, len(negatives))
    rejected = np.searchsorted(positives, thresholds, "left") / max(1, len(positives))
    return DetCurve(tuple(thresholds.tolist()), tuple(accepted.tolist()), tuple(rejected.tolist()))


def by_speaker(
    correct: NDArray[np.bool_] | NDArray[np.float64], speakers: NDArray[np.str_], *, pooled: bool
) -> Estimate:
    """Share of correct clips, or mean of a value of each, and its percentile interval over resampled speakers."""
    if not len(correct):
        return Estimate(float("nan"), float("nan"), float("nan"))
    _, index = np.unique(speakers, return_inverse=True)
    count = np.bincount(index).astype(np.float64)
    right = np.bincount(index, correct.astype(np.float64))
    draws = np.random.default_rng(0).integers(0, len(count), (RESAMPLES, len(count)))
    if pooled:
        value, resampled = right.sum() / count.sum(), right[draws].sum(axis=1) / count[draws].sum(axis=1)
    else:
        value, resampled = (right / count).mean(), (right / count)[draws].mean(axis=1)
    low, high = np.quantile(resampled, [0.025, 0.975])
    return Estimate(float(value), float(low), float(high))
