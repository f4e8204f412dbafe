"""Thresholds and smoothing for a budget of false accepts per hour, from validation streams alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.corpus.data import SAMPLE_RATE
from pipeline.errors import UsageError
from pipeline.listening.judging import Judgement, judge, together
from pipeline.progress import SILENT, Progress
from pipeline.tuning.rates import log_odds, most_events, probability, thresholds_for
from pipeline.tuning.replay import Setting, replay, smoothed
from pipeline.tuning.spotters import Heard

SMOOTHINGS = (1, 2, 3, 4, 6, 8, 12, 16)
"""Steps in the sliding mean that are tried."""

_PEAK_SECONDS = 1.0
_STEP = 0.25
_HIGHEST = 16.0


@dataclass(frozen=True)
class Choice:
    """A setting, and what it gives on the streams that it was chosen on.

    Attributes:
        negatives: of all validation streams without a keyword.
        keywords: of all with keywords.
    """

    setting: Setting
    negatives: Judgement
    keywords: Judgement


def choose(
    keywords: Sequence[Heard],
    negatives: Sequence[Heard],
    budget: float,
    refractory_ms: int,
    *,
    smoothings: Sequence[int] = SMOOTHINGS,
    progress: Progress = SILENT,
) -> Choice:
    """The smoothing that misses least of those whose thresholds keep the budget.

    Thresholds come from the highest scores where nobody said a keyword (``thresholds_for``); then the detector runs,
    and as long as it makes more events than the budget explains (``most_events``), the threshold of the keyword with
    most of them rises.

    Args:
        keywords: streams with keywords.
        negatives: streams without, an hour or more.
        budget: false accepts per hour over all keywords.

    Raises:
        UsageError: no threshold keeps the budget.
    """
    choices = []
    with progress.task("Choosing thresholds", len(smoothings)) as task:
        for smoothing in smoothings:
            setting = _within(budget, negatives, smoothing, refractory_ms)
            if setting is not None:
                choices.append(Choice(setting, judged(negatives, setting), judged(keywords, setting)))
            task.advance()
    if not choices:
        raise UsageError(
            f"no threshold keeps {budget:g} false accepts per hour",
            "allow more with --budget, or train with other speech (docs/listening.md)",
        )
    return min(choices, key=lambda choice: choice.keywords.miss_rate)


def judged(streams: Sequence[Heard], setting: Setting) -> Judgement:
    """What a setting makes of several streams."""
    return together([judge(heard.stream, replay(heard, setting)) for heard in streams])


def _within(budget: float, negatives: Sequence[Heard], smoothing: int, refractory_ms: int) -> Setting | None:
    """Thresholds for one smoothing; None where scores that round to 1 lie above every threshold there is."""
    hours = sum(heard.stream.hours for heard in negatives)
    names = negatives[0].keywords
    peaks = np.concatenate([_peaks(heard, smoothing) for heard in negatives])
    odds = thresholds_for(peaks, hours, budget).tolist()
    while True:
        setting = Setting(tuple(map(probability, odds)), smoothing, refractory_ms)
        false: Counter[str] = Counter()
        for heard in negatives:
            false.update(judge(heard.stream, replay(heard, setting)).false_accepts)
        if sum(false.values()) <= most_events(hours, budget):
            return setting
        able = [name for name, _ in false.most_common() if odds[names.index(name)] < _HIGHEST]
        if not able:
            return None
        odds[names.index(able[0])] += _STEP


def _peaks(heard: Heard, smoothing: int) -> NDArray[np.float64]:
    """Log-odds ``[seconds, keywords]`` of the highest score in each second: what follows closely is the same event."""
    scores = smoothed(heard, smoothing)
    second = (heard.samples // round(_PEAK_SECONDS * SAMPLE_RATE)).astype(np.int64)
    starts = np.flatnonzero(np.diff(second, prepend=-1))
    return log_odds(np.maximum.reduceat(scores, starts, axis=0)) if len(starts) else np.zeros((0, scores.shape[1]))
