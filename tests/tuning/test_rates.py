"""Poisson bounds against published values, and the tail against peaks whose rate is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.tuning.rates import log_odds, poisson_interval, poisson_upper, probability, threshold_for, thresholds_for


def test_intervals_are_garwoods() -> None:
    assert poisson_interval(0, 1) == pytest.approx((0, 3.689), abs=1e-3)
    assert poisson_interval(3, 1) == pytest.approx((0.619, 8.767), abs=1e-3)
    assert poisson_interval(3, 2) == pytest.approx((0.619 / 2, 8.767 / 2), abs=1e-3)
    assert poisson_upper(0, 6) == pytest.approx(0.5, abs=1e-3)  # the rule of three


@given(st.floats(-12, 12))
def test_log_odds_and_back(odds: float) -> None:
    assert log_odds(np.array([probability(odds)]))[0] == pytest.approx(odds, abs=0.05)


def test_the_tail_reaches_rates_that_were_not_counted() -> None:
    """100 peaks an hour for 2 hours, excess of mean 0.7: 0.1 an hour lie above 0.7 ln(1000)."""
    rng = np.random.default_rng(1)
    found = [threshold_for(rng.exponential(0.7, 200), 2.0, 0.1) for _ in range(300)]
    assert np.mean(found) == pytest.approx(0.7 * np.log(1000), abs=0.15)


def test_where_counting_suffices_no_more_peaks_lie_above_than_the_rate_allows() -> None:
    peaks = np.concatenate([np.full(50, 1.0), [5.0, 5.5, 6.0]])
    for rate, above in ((0.1, 1), (0.2, 2), (0.3, 3)):  # in 10 h
        assert np.sum(peaks >= threshold_for(peaks, 10.0, rate)) <= above
    assert threshold_for(peaks, 10.0, 0.1) == pytest.approx(5.5, abs=0.01)
    assert threshold_for(np.array([2.0]), 1.0, 1.0) > 2.0
    assert threshold_for(np.zeros(0), 1.0, 1.0) == 0.0


def test_keywords_that_other_speech_resembles_get_higher_thresholds_and_share_one_tail() -> None:
    """One keyword's peaks lie 3 above the other's; both fall off with a mean of 0.7; 0.1 an hour exceed either."""
    rng = np.random.default_rng(2)
    found = [thresholds_for(rng.exponential(0.7, (200, 2)) + np.array([3.0, 0.0]), 2.0, 0.1) for _ in range(300)]
    assert np.mean(found, axis=0) == pytest.approx(0.7 * np.log(2000) + np.array([3.0, 0.0]), abs=0.2)
    assert thresholds_for(np.zeros((0, 2)), 1.0, 1.0).tolist() == [0.0, 0.0]
