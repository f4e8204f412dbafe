"""Rounding to binary16, the number format of steps and biases: 11 significant bits, exponents -14 to 15."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Halves = NDArray[np.float16]

MIN_STEP = 2.0**-14
"""The smallest normal binary16 number: no step is smaller."""


def up(values: ArrayLike) -> Halves:
    """The smallest binary16 numbers that are not below ``values``, which lie in ``MIN_STEP`` .. 65472."""
    exact = np.asarray(values, np.float64)
    nearest = exact.astype(np.float16)
    return np.where(nearest < exact, np.nextafter(nearest, np.float16(np.inf)), nearest)


def nearest(values: ArrayLike) -> Halves:
    """The nearest binary16 numbers, ties to even; +0 for magnitudes below ``MIN_STEP``, so that none is subnormal."""
    exact = np.asarray(values, np.float64)
    return np.where(np.abs(exact) < MIN_STEP, 0.0, exact).astype(np.float16)


def is_step(values: Halves) -> NDArray[np.bool_]:
    """Whether numbers are what :func:`up` gives."""
    return np.asarray((values >= MIN_STEP) & np.isfinite(values), np.bool_)


def is_bias(values: Halves) -> NDArray[np.bool_]:
    """Whether numbers are what :func:`nearest` gives."""
    normal = np.isfinite(values) & (np.abs(values) >= MIN_STEP)
    return np.asarray((values.view(np.uint16) == 0) | normal, np.bool_)
