"""What tuning found, from the streams of the test split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from pipeline.layers import QuantizedModel
from pipeline.listening.judging import Judgement, judge, together
from pipeline.report.listening import CurvePoint, FalseAccepts, Misses, Tuned
from pipeline.training.evaluate import by_speaker
from pipeline.tuning.choose import Choice, judged
from pipeline.tuning.rates import log_odds, poisson_interval, poisson_upper, probability
from pipeline.tuning.replay import Heard, Setting, replay

_SHIFTS = np.arange(-20, 20.1, 0.5)


def summarise(
    model: QuantizedModel, budget: float, choice: Choice, keywords: Sequence[Heard], negatives: Sequence[Heard]
) -> Tuned:
    """Figures of a choice on test streams."""
    setting, names = choice.setting, keywords[0].keywords
    count, hours = sum(choice.negatives.false_accepts.values()), choice.negatives.hours
    by_kind = [_false_accepts(heard.stream.name, [heard], setting) for heard in negatives]
    return Tuned(
        model.name,
        model.bits,
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
    interval, by_keyword = poisson_interval(count, found.hours), dict(found.false_accepts)
    return FalseAccepts(kind, found.hours, count, count / found.hours, interval, by_keyword, dict(woken.most_common()))


def _misses(heard: Heard, setting: Setting) -> Misses:
    found: Judgement = judge(heard.stream, replay(heard, setting))
    spoken, missed = heard.stream.spoken, set(found.missed)
    wrong, speakers = np.array([word in missed for word in spoken]), np.array([word.speaker for word in spoken])
    rate, mean = by_speaker(wrong, speakers, pooled=True), by_speaker(wrong, speakers, pooled=False)
    by_keyword = {label: 1 - found.hits.get(label, 0) / said for label, said in found.said.items()}
    median, late = (float(ms) for ms in 1000 * np.quantile(found.latencies or (0.0,), [0.5, 0.95]))
    latency = (median, late) if found.latencies else None
    interval = rate.low, rate.high
    return Misses(heard.stream.name, len(spoken), len(missed), rate.value, interval, mean.value, by_keyword, latency)


def _point(shift: float, setting: Setting, keywords: Sequence[Heard], negatives: Sequence[Heard]) -> CurvePoint:
    odds = log_odds(np.array(setting.thresholds)) + shift
    moved = Setting(tuple(map(probability, odds.tolist())), setting.smoothing, setting.refractory_ms)
    misses = {heard.stream.name: judge(heard.stream, replay(heard, moved)).miss_rate for heard in keywords}
    return CurvePoint(shift, judged(negatives, moved).false_accepts_per_hour, misses)
