"""The column quantizer of docs/method.md: a weight matrix, each column with a step and an offset of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.errors import QuantizationError
from pipeline.quantization import half

MAX_WIDTH = 4096
"""Largest number of inputs or columns of a layer: up to here no sum leaves 32 bits."""
PARAMETER_BOUND = 2.0**14
"""Weights and biases stay below this magnitude, so that steps and biases are binary16 numbers."""
OFFSET_UNIT = 256
"""Parts of a step that a column's offset is counted in."""
MAX_OFFSET = 127
"""Largest magnitude of an offset, in steps."""
MAX_SUM = 16_000
"""Bound of a column's sum, in the units of ``Columns.sum``, before its codes are rounded: that adds at most 16,449."""
_FIXED_POINT = 2.0**24


def sum_shift(bits: int) -> int:
    """``f``: a column's sum is counted in ``2**-f`` steps."""
    return (8 - bits) // 2


@dataclass(frozen=True)
class Columns:
    """A quantized matrix: ``weight[k, j] ~ step[j] * (codes[k, j] + offset[j] / 256)``.

    Attributes:
        bits: b, 2..8.
        codes: int8 ``[K, N]``, ``-2**(b-1) .. 2**(b-1) - 1``.
        step: binary16 ``[N]``, normal and positive.
        offset: int16 ``[N]``, at most 127 steps of 256 parts.
        bias: binary16 ``[N]``, normal or +0.
    """

    bits: int
    codes: NDArray[np.int8]
    step: half.Halves
    offset: NDArray[np.int16]
    bias: half.Halves

    @property
    def sum(self) -> NDArray[np.int16]:
        """``R``: sums of the columns in ``2**-sum_shift(bits)`` steps, int16 ``[N]``."""
        codes = self.codes.sum(axis=0, dtype=np.int64)
        parts = OFFSET_UNIT * codes + len(self.codes) * self.offset.astype(np.int64)
        unit = OFFSET_UNIT >> sum_shift(self.bits)
        rounded: NDArray[np.int16] = ((parts + unit // 2) // unit).astype(np.int16)
        return rounded


def check_parameters(weights: ArrayLike, bias: ArrayLike, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights ``[.., N]`` and bias ``[N]`` of a layer, float32 values in float64 arrays.

    Raises:
        QuantizationError: a value is not finite or not below ``PARAMETER_BOUND``, or the shapes do not go together.
    """
    w, b = np.asarray(weights, np.float32).astype(np.float64), np.asarray(bias, np.float32).astype(np.float64)
    for what, values in (("weight", w), ("bias", b)):
        if not np.all(np.abs(values) < PARAMETER_BOUND):  # false for NaN too
            raise QuantizationError(
                f"layer {name}: a {what} is not finite or not below {PARAMETER_BOUND:.0f} in magnitude",
                "training diverged: lower the learning rate",
            )
    if w.ndim != 2 or b.shape != w.shape[1:] or not w.size:
        raise QuantizationError(f"layer {name}: weights {w.shape} and bias {b.shape} do not go together")
    return w, b


def quantize_columns(weights: ArrayLike, bias: ArrayLike, bits: int, *, name: str = "layer") -> Columns:
    """Quantizes a float32 weight matrix column by column from its exact minimum and maximum.

    Args:
        weights: float32 ``[K inputs, N columns]``.
        bias: float32 ``[N]``.
        bits: weight bits, 2..8.

    Raises:
        QuantizationError: as ``check_parameters``, or a width or ``bits`` is out of range.
    """
    if not 2 <= bits <= 8:
        raise QuantizationError(f"layer {name}: {bits} weight bits", "use 2 to 8 bits")
    w, b = check_parameters(weights, bias, name)
    if max(w.shape) > MAX_WIDTH:
        raise QuantizationError(f"layer {name} is {w.shape[0]} x {w.shape[1]}", f"a layer is at most {MAX_WIDTH} wide")
    low, high = w.min(axis=0), w.max(axis=0)
    middle = 2.0 ** (bits - 1)
    total = np.rint(w * _FIXED_POINT).sum(axis=0) / _FIXED_POINT  # integers below 2**53: exact in any order
    steps = (
        (high - low) / (2**bits - 1),
        high / (middle - 1 + MAX_OFFSET),
        -low / (middle + MAX_OFFSET),
        np.abs(total) * 2.0 ** sum_shift(bits) / MAX_SUM,
    )
    step = half.up(np.maximum.reduce([*steps, np.full_like(low, half.MIN_STEP)]))
    wide = step.astype(np.float64)
    limit = MAX_OFFSET * OFFSET_UNIT
    offset = np.clip(np.rint(OFFSET_UNIT * (low / wide + middle)), -limit, limit)
    codes = np.clip(np.rint(w / wide - offset / OFFSET_UNIT), -middle, middle - 1)
    return Columns(bits, codes.astype(np.int8), step, offset.astype(np.int16), half.nearest(b))
