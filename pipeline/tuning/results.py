"""What tuning found, from the streams of the test split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pipeline.listening.judging import Judgement, judge, together
from pipeline.report.listening import FLOAT_BITS, CurvePoint, Difference, FalseAccepts, Misses, Tuned
from pipeline.training.evaluate import by_speaker
from pipeline.tuning.choose import Choice, judged
from pipeline.tuning.rates import log_odds, poisson_interval, poisson_upper, probability
from pipeline.tuning.replay import Setting, replay
from pipeline.tuning.spotters import Heard, Spotter

_SHIFTS = np.arange(-20, 20.1, 0.5)


def summarise(
    spotter: Spotter, budget: float, choice: Choice, keywords: Sequence[Heard], negatives: Sequence[Heard]
) -> Tuned:
    """Figures of a choice on test streams."""
    setting, names = choice.setting, keywords[0].keywords
    count, hours = sum(choice.negatives.false_accepts.values()), choice.negatives.hours
    by_kind = [_false_accepts(heard.stream.name, [heard], setting) for heard in negatives]
    return Tuned(
        spotter.name,
        spotter.bits,
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


def against_float(found: Sequence[Tuned]) -> list[Tuned]:
    """The same, with differences to the float twin where one is among them."""
    twin = next((one for one in found if one.bits == FLOAT_BITS), None)
    if twin is None:
        return list(found)
    compared = []
    for one in found:
        pairs = zip(one.misses, twin.misses, strict=True) if one is not twin else ()
        compared.append(replace(one, against_float=tuple(difference([own], [other]) for own, other in pairs)))
    return compared


def difference(misses: Sequence[Misses], twins: Sequence[Misses]) -> Difference:
    """Of what networks miss and what their float twins do, in pairs of one test stream: its mean over the pairs."""
    more, said = Counter[str](), Counter[str]()
    for one, twin in zip(misses, twins, strict=True):
        more.update({speaker: missed for speaker, (missed, _) in one.by_speaker.items()})
        more.subtract({speaker: missed for speaker, (missed, _) in twin.by_speaker.items()})
        said.update({speaker: count for speaker, (_, count) in one.by_speaker.items()})
    speakers = np.array(sorted(said.elements()))  # one for each keyword, as `by_speaker` takes them
    shares = np.array([more[speaker] / said[speaker] for speaker in speakers])
    rate, mean = by_speaker(shares, speakers, pooled=True), by_speaker(shares, speakers, pooled=False)
    return Difference(misses[0].kind, rate.value, (rate.low, rate.high), mean.value, (mean.low, mean.high))


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
    said, lost = (Counter(word.speaker for word in words) for words in (spoken, found.missed))
    of_each = {speaker: (lost[speaker], count) for speaker, count in said.items()}
    return Misses(
        heard.stream.name, len(spoken), len(missed), rate.value, interval, mean.value, by_keyword, of_each, latency
    )


def _point(shift: float, setting: Setting, keywords: Sequence[Heard], negatives: Sequence[Heard]) -> CurvePoint:
    odds = log_odds(np.array(setting.thresholds)) + shift
    moved = Setting(tuple(map(probability, odds.tolist())), setting.smoothing, setting.refractory_ms)
    misses = {heard.stream.name: judge(heard.stream, replay(heard, moved)).miss_rate for heard in keywords}
    return CurvePoint(shift, judged(negatives, moved).false_accepts_per_hour, misses)
