"""Rates of rare events: their intervals, and how high a threshold must be for a rate that was never observed."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, pdtr, pdtrik  # scipy.stats has all of it by name, and takes a second to load

_TAIL = 20
"""One peak in so many belongs to the tail, and at least so many do."""


def poisson_interval(count: int, hours: float) -> tuple[float, float]:
    """Exact 95 % interval of a rate per hour (Garwood 1936); with nothing seen, from 0 to 3.7 / hours."""
    low = float(gammaincinv(count, 0.025)) if count else 0.0
    return low / hours, float(gammaincinv(count + 1, 0.975)) / hours


def poisson_upper(count: int, hours: float) -> float:
    """One-sided 95 % upper bound of a rate per hour; with nothing seen 3.0 / hours."""
    return float(gammaincinv(count + 1, 0.95)) / hours


def most_events(hours: float, rate: float) -> int:
    """Events that a rate per hour does not exceed in 19 of 20 recordings of that length."""
    count: int = math.ceil(pdtrik(0.95, hours * rate))
    return count - 1 if count and pdtr(count - 1, hours * rate) >= 0.95 else count


def log_odds(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """Scores 0..1 on the scale on which tails look exponential; what rounds to 0 or 1 ends at +-16."""
    inside = np.clip(np.asarray(scores, np.float64), 1.2e-7, 1 - 1.2e-7)
    return np.asarray(np.log(inside) - np.log1p(-inside))


def probability(odds: float) -> float:
    """From log-odds back to 0..1, in single precision as the device compares, above 0."""
    return float(max(np.float32(1 / (1 + math.exp(-odds))), np.float32(1e-6)))


def threshold_for(peaks: NDArray[np.float64], hours: float, rate: float) -> float:
    """Log-odds that ``rate`` peaks an hour are expected to exceed.

    Peaks over a high level exceed it by an exponentially distributed amount (extreme values of light tails; Pickands
    1975): that amount's mean, over the highest twentieth of the peaks, carries the count on to rates too low to be
    counted. No more peaks lie above the threshold than the wanted rate explains (``most_events``).

    Args:
        peaks: log-odds of separate peaks.
        hours: in which they occurred.
        rate: per hour.
    """
    highest = np.sort(peaks)[::-1][: _tail(len(peaks))]
    if len(highest) < 2:
        return float(highest[0]) + 1e-3 if len(highest) else 0.0
    level, excess = highest[-1], float(np.mean(highest[:-1] - highest[-1]))
    fitted = level + excess * math.log(len(highest) / (hours * rate))
    allowed = most_events(hours, rate)
    counted = float(highest[allowed]) + 1e-3 if allowed < len(highest) else -math.inf
    return float(max(fitted, counted))


def thresholds_for(peaks: NDArray[np.float64], hours: float, rate: float) -> NDArray[np.float64]:
    """Log-odds for every keyword, float64 ``[keywords]``, that ``rate`` peaks an hour of all together exceed.

    The lowest peak of a keyword's own tail is its level: it says how much more other speech resembles it than the next
    keyword. How fast the tail falls off above the levels is far less certain, and taken from the peaks of all keywords
    together.

    Args:
        peaks: log-odds ``[n, keywords]``.
    """
    if not len(peaks):
        return np.zeros(peaks.shape[1])
    levels = np.sort(peaks, axis=0)[::-1][: _tail(len(peaks))][-1]
    return np.asarray(levels + threshold_for((peaks - levels).max(axis=1), hours, rate))


def _tail(count: int) -> int:
    return max(_TAIL, count // _TAIL)
