"""What tuning found, as plain data: for the terminal, for JSON, for the plot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.listening.judging import Judgement, judge, together
from pipeline.training.evaluate import Estimate, by_speaker
from pipeline.tuning.choose import Choice, judged
from pipeline.tuning.rates import log_odds, poisson_interval, poisson_upper, probability
from pipeline.tuning.replay import Heard, Setting, replay

SCHEMA = "dynq-tuning-1"
_SHIFTS = np.arange(-20, 20.1, 0.5)


@dataclass(frozen=True)
class FalseAccepts:
    """Of one kind of negative speech.

    Attributes:
        per_hour: with its exact 95 % Poisson interval.
        by_keyword: events of each keyword.
        woken_by: what was said there, most frequent first.
    """

    kind: str
    hours: float
    count: int
    per_hour: Estimate
    by_keyword: dict[str, int]
    woken_by: dict[str, int]


@dataclass(frozen=True)
class Misses:
    """Of one keyword stream.

    Attributes:
        rate: share of spoken keywords, with its 95 % interval over resampled speakers.
        by_keyword: the same share for every keyword by itself.
        latency_ms: median and 95th percentile from the end of a word to its event; none without a hit.
    """

    kind: str
    said: int
    missed: int
    rate: Estimate
    by_keyword: dict[str, float]
    latency_ms: tuple[float, float] | None


@dataclass(frozen=True)
class CurvePoint:
    """One point of a detection error trade-off: all thresholds moved together in log-odds."""

    shift: float
    false_accepts_per_hour: float
    misses: dict[str, float]


@dataclass(frozen=True)
class Results:
    """Everything that one tuning found.

    Attributes:
        budget: false accepts per hour that were asked for.
        validation_upper: 95 % upper bound of the rate on the validation negatives, which chose the thresholds.
        validation_misses: by kind of stream.
        curve: on the test streams, all negatives together.
    """

    model: str
    budget: float
    thresholds: dict[str, float]
    smoothing_frames: int
    validation_hours: float
    validation_false_accepts: int
    validation_upper: float
    validation_miss_rate: float
    false_accepts: tuple[FalseAccepts, ...]
    misses: tuple[Misses, ...]
    curve: tuple[CurvePoint, ...]
    schema: str = SCHEMA

    @property
    def bounded(self) -> bool:
        """Whether validation is long enough to show, with 95 % confidence, that the budget holds there."""
        return self.validation_upper <= self.budget


def summarise(
    model: str, budget: float, choice: Choice, keywords: Sequence[Heard], negatives: Sequence[Heard]
) -> Results:
    """Figures of a choice on test streams."""
    setting, names = choice.setting, keywords[0].keywords
    count, hours = sum(choice.negatives.false_accepts.values()), choice.negatives.hours
    by_kind = [_false_accepts(heard.stream.name, [heard], setting) for heard in negatives]
    return Results(
        model,
        budget,
        dict(zip(names, setting.thresholds, strict=True)),
        setting.smoothing,
        hours,
        count,
        poisson_upper(count, hours),
        choice.keywords.miss_rate,
        (*by_kind, _false_accepts("all", negatives, setting)),
        tuple(_misses(heard, setting) for heard in keywords),
        tuple(_point(float(shift), setting, keywords, negatives) for shift in _SHIFTS),
    )


def _false_accepts(kind: str, streams: Sequence[Heard], setting: Setting) -> FalseAccepts:
    judgements = [(heard, judge(heard.stream, replay(heard, setting))) for heard in streams]
    found = together([judgement for _, judgement in judgements])
    count = len(found.false_events)
    woken: Counter[str] = Counter()
    for heard, judgement in judgements:
        for event in judgement.false_events:
            begun = [said.label for said in heard.stream.others if said.start <= event.sample]
            woken[begun[-1] if begun else "noise"] += 1
    low, high = poisson_interval(count, found.hours)
    rate = Estimate(count / found.hours, low, high)
    return FalseAccepts(kind, found.hours, count, rate, dict(found.false_accepts), dict(woken.most_common()))


def _misses(heard: Heard, setting: Setting) -> Misses:
    found: Judgement = judge(heard.stream, replay(heard, setting))
    spoken, missed = heard.stream.spoken, set(found.missed)
    rate = by_speaker(
        np.array([word in missed for word in spoken]), np.array([word.speaker for word in spoken]), pooled=True
    )
    by_keyword = {label: 1 - found.hits.get(label, 0) / said for label, said in found.said.items()}
    median, late = (float(ms) for ms in 1000 * np.quantile(found.latencies or (0.0,), [0.5, 0.95]))
    latency = (median, late) if found.latencies else None
    return Misses(heard.stream.name, len(spoken), len(missed), rate, by_keyword, latency)


def _point(shift: float, setting: Setting, keywords: Sequence[Heard], negatives: Sequence[Heard]) -> CurvePoint:
    odds = log_odds(np.array(setting.thresholds)) + shift
    moved = Setting(tuple(map(probability, odds.tolist())), setting.smoothing, setting.refractory_ms)
    misses = {heard.stream.name: judge(heard.stream, replay(heard, moved)).miss_rate for heard in keywords}
    return CurvePoint(shift, judged(negatives, moved).false_accepts_per_hour, misses)
