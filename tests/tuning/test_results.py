"""What tuning found, by hand: misses of every speaker, and how many more than the float twin's."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.listening.streams import Spoken, Stream
from pipeline.report.listening import FLOAT_BITS, Misses
from pipeline.tuning.choose import Choice, judged
from pipeline.tuning.replay import Setting
from pipeline.tuning.results import against_float, difference, summarise
from pipeline.tuning.spotters import Heard

SETTING = Setting((0.5,), 1, 0)
SPEAKERS = ("anna", "anna", "anna", "bert")


class Spotter:
    """Hears the words that it is told to."""

    name, refractory_ms = "spotter", 0

    def __init__(self, bits: int, *found: int) -> None:
        self.bits, self.found = bits, found

    def hear(self, stream: Stream) -> Heard:
        posteriors = np.zeros((len(stream.pcm) // 1600, 1), np.float32)
        for word in self.found:
            posteriors[10 * word + 8] = 0.9
        ends = np.arange(1, len(posteriors) + 1, dtype=np.uint64) * np.uint64(1600)
        return Heard(stream, ("yes",), posteriors, ends)


def results(*spotters: Spotter):
    spoken = tuple(Spoken("yes", i * 16_000, i * 16_000 + 12_800, who) for i, who in enumerate(SPEAKERS))
    words = Stream("keywords", np.zeros(64_000, np.int16), spoken)
    other = Stream("other words", np.zeros(64_000, np.int16))
    found = []
    for spotter in spotters:
        keywords, negatives = [spotter.hear(words)], [Spotter(4).hear(other)]
        choice = Choice(SETTING, judged(negatives, SETTING), judged(keywords, SETTING))
        found.append(summarise(spotter, 0.5, choice, keywords, negatives))
    return found


def test_misses_are_counted_for_every_speaker() -> None:
    (found,) = results(Spotter(4, 0, 3))
    assert found.misses[0].by_speaker == {"anna": (2, 3), "bert": (0, 1)}
    assert found.misses[0].rate == 0.5
    assert found.misses[0].speaker_mean == pytest.approx(1 / 3)
    assert found.weights == "4-bit"
    assert against_float([found]) == [found]  # there is none


def test_differences_are_to_the_twin_in_pairs() -> None:
    """The twin misses one word of Anna's; the other network two of hers, and Bert's."""
    device, twin = against_float(results(Spotter(4, 2), Spotter(FLOAT_BITS, 1, 2, 3)))
    assert twin.weights == "float32"
    assert twin.against_float == ()
    (found,) = device.against_float
    assert found.kind == "keywords"
    assert found.rate == pytest.approx(3 / 4 - 1 / 4)
    assert found.speaker_mean == pytest.approx((1 / 3 + 1) / 2)
    # two speakers drawn from two: Anna twice, Bert twice, or both
    assert found.interval == pytest.approx((1 / 3, 1))
    assert found.speaker_interval == pytest.approx((1 / 3, 1))


def misses(**by_speaker: tuple[int, int]) -> Misses:
    return Misses("keywords", 0, 0, 0.0, (0.0, 0.0), 0.0, {}, by_speaker, None)


def test_a_mean_over_several_pairs() -> None:
    """Of two seeds: 2 more of 8 by Anna, 1 fewer of 2 by Bert."""
    found = difference(
        [misses(anna=(4, 4), bert=(0, 1)), misses(anna=(1, 4), bert=(0, 1))],
        [misses(anna=(2, 4), bert=(1, 1)), misses(anna=(1, 4), bert=(0, 1))],
    )
    assert found.rate == pytest.approx(1 / 10)
    assert found.speaker_mean == pytest.approx((2 / 8 - 1 / 2) / 2)
    assert found.interval == pytest.approx((-1 / 2, 1 / 4))
