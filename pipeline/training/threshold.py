"""What a keyword spotter does once it has a threshold: which words it misses, and what it hears where there is none."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.corpus import UNKNOWN_LABEL
from pipeline.training.evaluate import by_speaker, det_curve, keyword_scores

FALSE_ACCEPT_POINT = 0.01


@dataclass(frozen=True)
class WordResult:
    """The clips of one keyword.

    Attributes:
        missed: clips in which that keyword is not detected.
        false_accepts: clips of words that are no keywords in which it is.
        taken_for: other keywords detected in missed clips, each with its clips, most first.
    """

    word: str
    clips: int
    speakers: int
    missed: int
    false_accepts: int
    taken_for: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class OperatingPoint:
    """One split at one threshold; rates are NaN where the split has no such clips.

    Attributes:
        threshold: smallest keyword posterior that counts as a detection.
        miss_rate: share of keyword clips in which that keyword is not detected.
        speaker_miss_rate: mean over speakers of the same share, which no single one dominates.
        false_accept_rate: share of clips of other words in which a keyword is; silence does not count.
    """

    threshold: float
    miss_rate: float
    speaker_miss_rate: float
    false_accept_rate: float
    words: tuple[WordResult, ...]


def choose_threshold(
    logits: NDArray[np.float32], labels: NDArray[np.int64], false_accept: float = FALSE_ACCEPT_POINT
) -> float:
    """The smallest threshold that accepts at most that share of the clips of other words; never chosen on the split
    that it is then judged by."""
    curve = det_curve(logits, labels)
    return next(
        threshold for threshold, share in zip(curve.threshold, curve.false_accept, strict=True) if share <= false_accept
    )


def at_threshold(
    logits: NDArray[np.float32],
    labels: NDArray[np.int64],
    speakers: tuple[str, ...],
    label_names: tuple[str, ...],
    threshold: float,
) -> OperatingPoint:
    """Judges logits ``[n, classes]`` against labels ``[n]`` at a threshold."""
    score, which = keyword_scores(logits)
    heard = np.where(score >= threshold, which, -1)
    others = heard[labels == UNKNOWN_LABEL]
    keyword, said_by = labels > UNKNOWN_LABEL, np.asarray(speakers)
    lost = (heard != labels)[keyword]
    words = tuple(
        _word(index, label_names, heard[labels == index], said_by[labels == index], others)
        for index in range(UNKNOWN_LABEL + 1, len(label_names))
    )
    return OperatingPoint(
        threshold,
        float(lost.mean()) if lost.size else float("nan"),
        by_speaker(lost, said_by[keyword], pooled=False).value,
        float((others >= 0).mean()) if others.size else float("nan"),
        words,
    )


def _word(
    index: int,
    names: tuple[str, ...],
    heard: NDArray[np.int64],
    speakers: NDArray[np.str_],
    others: NDArray[np.int64],
) -> WordResult:
    wrong = Counter(names[label] for label in heard if label not in (index, -1))
    missed, accepted = int((heard != index).sum()), int((others == index).sum())
    return WordResult(
        names[index], len(heard), len(set(speakers.tolist())), missed, accepted, tuple(wrong.most_common())
    )
