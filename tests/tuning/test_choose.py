"""Thresholds keep the budget where they were chosen, and miss no more than they need to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import UsageError
from pipeline.listening.streams import Spoken, Stream
from pipeline.tuning.choose import choose, judged
from pipeline.tuning.rates import most_events
from pipeline.tuning.spotters import Heard

NAMES = ("computer", "jarvis")
STEP = 480


def heard(odds: np.ndarray, spoken: tuple[Spoken, ...] = ()) -> Heard:
    """Posteriors from log-odds ``[steps, 2]``, a step every 30 ms."""
    posteriors = (1 / (1 + np.exp(-odds))).astype(np.float32)
    stream = Stream("made up", np.zeros(len(odds) * STEP, np.int16), spoken)
    return Heard(stream, NAMES, posteriors, np.arange(1, len(odds) + 1, dtype=np.uint64) * np.uint64(STEP))


def chatter(seed: int, loud: float, steps: int = 40_000) -> Heard:
    rng = np.random.default_rng(seed)
    odds = rng.normal(-8, 2, (steps, 2))
    at = rng.integers(0, steps, 40)
    odds[at, rng.integers(0, 2, 40)] = np.minimum(rng.exponential(loud, 40), 14)  # higher ones would round to 1
    return heard(odds)


def words(length: int, height: float = 4.0) -> Heard:
    """Twenty words, each above for ``length`` steps."""
    odds = np.full((20 * 200, 2), -8.0)
    spoken = []
    for i in range(20):
        odds[200 * i + 100 : 200 * i + 100 + length, i % 2] = height
        spoken.append(Spoken(NAMES[i % 2], (200 * i + 90) * STEP, (200 * i + 100 + length) * STEP, f"s{i}"))
    return heard(odds, tuple(spoken))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([0.1, 0.5, 3.0, 12.0]), st.floats(0.2, 4))
def test_the_budget_holds_on_validation(seed: int, budget: float, loud: float) -> None:
    negatives = [chatter(seed, loud), chatter(seed + 1, loud)]
    choice = choose([words(6)], negatives, budget, 1000, smoothings=(1, 3))
    found = judged(negatives, choice.setting)
    assert len(found.false_events) <= most_events(found.hours, budget)
    assert found == choice.negatives


def test_the_budget_holds_where_the_tail_misleads() -> None:
    """Few peaks far apart over a crowd of equal ones: the tail's slope leads into the crowd."""
    odds = np.full((40_000, 2), -8.0)
    odds[50::90, 0] = 3.0
    odds[50 : 20 * 1800 : 1800, 0] = np.linspace(4, 9, 20)
    negatives = [heard(odds)]
    choice = choose([words(6, 10.0)], negatives, 300.0, 1000, smoothings=(1,))
    assert 20 <= len(choice.negatives.false_events) <= most_events(choice.negatives.hours, 300.0)


def test_smoothing_is_used_where_false_peaks_are_short_and_words_are_long() -> None:
    negatives = [chatter(1, 6.0)]
    alone = choose([words(6)], negatives, 0.5, 1000, smoothings=(1,))
    both = choose([words(6)], negatives, 0.5, 1000, smoothings=(1, 4))
    assert alone.keywords.miss_rate > 0.5
    assert both.setting.smoothing == 4
    assert both.keywords.miss_rate < 0.1


def test_a_quiet_keyword_keeps_a_low_threshold() -> None:
    rng = np.random.default_rng(3)
    odds = rng.normal(-8, 0.5, (40_000, 2))
    odds[rng.integers(0, 40_000, 60), 0] = 5.0
    setting = choose([words(6)], [heard(odds)], 0.5, 1000, smoothings=(1,)).setting
    assert setting.thresholds[0] > 0.99
    assert setting.thresholds[1] < 0.1


def test_scores_that_are_one_leave_no_threshold() -> None:
    with pytest.raises(UsageError, match="no threshold"):
        choose([words(6)], [heard(np.full((4000, 2), 40.0))], 0.5, 1000, smoothings=(1,))
