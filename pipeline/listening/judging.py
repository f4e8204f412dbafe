"""Events against the truth of a stream: hits, misses, false accepts per hour, latency."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.corpus.data import SAMPLE_RATE
from pipeline.listening.heard import Event
from pipeline.listening.streams import Spoken, Stream

TOLERANCE_SECONDS = 0.75
"""An event may come this long after the end of its word."""


@dataclass(frozen=True)
class Judgement:
    """What a listener made of one stream or several.

    Attributes:
        said: keywords spoken, by label.
        hits: those detected, by label.
        false_accepts: every other event, by label: where nothing was said, another word, or the same word again.
        latencies: seconds from the end of each detected word to its event.
        missed: the keywords that were not detected.
        false_events: what ``false_accepts`` counts.
        hours: of audio.
    """

    said: Mapping[str, int]
    hits: Mapping[str, int]
    false_accepts: Mapping[str, int]
    latencies: tuple[float, ...]
    hours: float
    missed: tuple[Spoken, ...] = ()
    false_events: tuple[Event, ...] = ()

    @property
    def miss_rate(self) -> float:
        """Share of spoken keywords that were not detected; NaN where none was spoken."""
        said = sum(self.said.values())
        return 1 - sum(self.hits.values()) / said if said else float("nan")

    @property
    def false_accepts_per_hour(self) -> float:
        return sum(self.false_accepts.values()) / self.hours if self.hours else float("nan")


def judge(stream: Stream, events: Sequence[Event]) -> Judgement:
    """Matches each event with the first word of its label that it can belong to: begun, and not ended long before."""
    late = round(TOLERANCE_SECONDS * SAMPLE_RATE)
    open_words = list(stream.spoken)
    hits: Counter[str] = Counter()
    false = []
    latencies = []
    for event in events:
        word = next((w for w in open_words if w.label == event.label and w.start <= event.sample <= w.end + late), None)
        if word is None:
            false.append(event)
        else:
            open_words.remove(word)
            hits[event.label] += 1
            latencies.append((event.sample - word.end) / SAMPLE_RATE)
    said, wrong = Counter(word.label for word in stream.spoken), Counter(event.label for event in false)
    return Judgement(said, hits, wrong, tuple(latencies), stream.hours, tuple(open_words), tuple(false))


def together(judgements: Sequence[Judgement]) -> Judgement:
    """Several streams as one."""
    said: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    false: Counter[str] = Counter()
    for one in judgements:
        said.update(one.said)
        hits.update(one.hits)
        false.update(one.false_accepts)
    latencies = tuple(seconds for one in judgements for seconds in one.latencies)
    missed = tuple(word for one in judgements for word in one.missed)
    events = tuple(event for one in judgements for event in one.false_events)
    return Judgement(said, hits, false, latencies, sum(one.hours for one in judgements), missed, events)
