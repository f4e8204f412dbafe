"""Poisson bounds against published values, and the tail against peaks whose rate is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, gamma, poisson

from pipeline.tuning.rates import (
    log_odds,
    most_events,
    poisson_interval,
    poisson_upper,
    probability,
    threshold_for,
    thresholds_for,
)


def test_intervals_are_garwoods() -> None:
    assert poisson_interval(0, 1) == pytest.approx((0, 3.689), abs=1e-3)
    assert poisson_interval(3, 1) == pytest.approx((0.619, 8.767), abs=1e-3)
    assert poisson_interval(3, 2) == pytest.approx((0.619 / 2, 8.767 / 2), abs=1e-3)
    assert poisson_upper(0, 6) == pytest.approx(0.5, abs=1e-3)  # the rule of three


def test_quantiles_are_those_of_the_distributions() -> None:
    for count in (*range(1, 60), 700):
        ends = chi2.ppf([0.025, 0.975], [2 * count, 2 * count + 2]) / 2
        assert poisson_interval(count, 1) == pytest.approx(tuple(ends), rel=1e-12)
        assert poisson_upper(count, 1) == pytest.approx(chi2.ppf(0.95, 2 * count + 2) / 2, rel=1e-12)
    edges = [mean for count in range(40) for mean in (gamma.isf(0.95, count + 1) + side for side in (-1e-9, 1e-9))]
    for mean in (0.0, *edges, *np.geomspace(1e-6, 1e4, 500)):
        assert most_events(1.0, mean) == poisson.ppf(0.95, mean)


@given(st.floats(-12, 12))
def test_log_odds_and_back(odds: float) -> None:
    assert log_odds(np.array([probability(odds)]))[0] == pytest.approx(odds, abs=0.05)


def test_the_tail_reaches_rates_that_were_not_counted() -> None:
    """100 peaks an hour for 2 hours, excess of mean 0.7: 0.1 an hour lie above 0.7 ln(1000)."""
    rng = np.random.default_rng(1)
    found = [threshold_for(rng.exponential(0.7, 200), 2.0, 0.1) for _ in range(300)]
    assert np.mean(found) == pytest.approx(0.7 * np.log(1000), abs=0.15)


def test_more_audio_makes_thresholds_steadier() -> None:
    """12,000 peaks of mean 0.7 in 3.4 hours: 600 of them are the tail. From the 20 highest it would scatter by 0.4."""
    rng = np.random.default_rng(4)
    found = [threshold_for(rng.exponential(0.7, 12_000), 3.4, 0.2) for _ in range(100)]
    assert np.mean(found) == pytest.approx(0.7 * np.log(12_000 / 0.68), abs=0.1)
    assert np.std(found) < 0.25


def test_no_more_peaks_lie_above_than_the_rate_explains() -> None:
    """Peaks that are no exponential tail: the fitted threshold lies far below six of them."""
    peaks = np.concatenate([np.full(50, 1.0), np.arange(5.0, 11.0)])
    assert [most_events(10.0, rate) for rate in (0.005, 0.1, 0.2)] == [0, 3, 5]  # by a table of the distribution
    for rate, level in ((0.005, 10.0), (0.1, 7.0), (0.2, 5.0)):
        assert threshold_for(peaks, 10.0, rate) >= level
        assert np.sum(peaks >= threshold_for(peaks, 10.0, rate)) <= most_events(10.0, rate)
    assert threshold_for(np.array([2.0]), 1.0, 1.0) > 2.0
    assert threshold_for(np.zeros(0), 1.0, 1.0) == 0.0


def test_keywords_that_other_speech_resembles_get_higher_thresholds_and_share_one_tail() -> None:
    """One keyword's peaks lie 3 above the other's; both fall off with a mean of 0.7; 0.1 an hour exceed either."""
    rng = np.random.default_rng(2)
    found = [thresholds_for(rng.exponential(0.7, (200, 2)) + np.array([3.0, 0.0]), 2.0, 0.1) for _ in range(300)]
    assert np.mean(found, axis=0) == pytest.approx(0.7 * np.log(2000) + np.array([3.0, 0.0]), abs=0.2)
    assert thresholds_for(np.zeros((0, 2)), 1.0, 1.0).tolist() == [0.0, 0.0]
