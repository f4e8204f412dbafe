"""The column quantizer of docs/method.md: a weight matrix, each column with a step and an offset of its own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.config import MAX_WIDTH
from pipeline.errors import QuantizationError
from pipeline.quantization import half

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

    def __post_init__(self) -> None:
        if not 2 <= self.bits <= 8:
            raise QuantizationError(f"{self.bits} weight bits", "use 2 to 8 bits")
        if self.codes.ndim != 2 or self.codes.dtype != np.int8:
            raise QuantizationError("codes must be an int8 matrix")
        if not (1 <= self.inputs <= MAX_WIDTH and 1 <= self.outputs <= MAX_WIDTH):
            raise QuantizationError(
                f"a matrix of {self.inputs} x {self.outputs}", f"inputs and columns go from 1 to {MAX_WIDTH}"
            )
        middle = 1 << (self.bits - 1)
        if self.codes.min() < -middle or self.codes.max() >= middle:
            raise QuantizationError(f"a code needs more than {self.bits} bits")
        parameters = ((self.step, np.float16), (self.offset, np.int16), (self.bias, np.float16))
        if any(values.shape != (self.outputs,) or values.dtype != kind for values, kind in parameters):
            raise QuantizationError(f"step, offset and bias must be {self.outputs} numbers of 16 bits")
        if not (np.all(half.is_step(self.step)) and np.all(half.is_bias(self.bias))):
            raise QuantizationError("a step or bias is out of range")
        if np.any(np.abs(self.offset.astype(int)) > MAX_OFFSET * OFFSET_UNIT):
            raise QuantizationError("an offset is out of range")

    @property
    def inputs(self) -> int:
        return int(self.codes.shape[0])

    @property
    def outputs(self) -> int:
        return int(self.codes.shape[1])

    @property
    def values(self) -> NDArray[np.float32]:
        """The weights that the codes stand for, float32 ``[K, N]``, rounded from the exact ones."""
        exact = self.step.astype(np.float64) * (self.codes + self.offset.astype(np.float64) / OFFSET_UNIT)
        return exact.astype(np.float32)

    @cached_property
    def sum(self) -> NDArray[np.int16]:
        """``R``: sums of the columns in ``2**-sum_shift(bits)`` steps, int16 ``[N]``."""
        codes = self.codes.sum(axis=0, dtype=np.int64)
        parts = OFFSET_UNIT * codes + len(self.codes) * self.offset.astype(np.int64)
        unit = OFFSET_UNIT >> sum_shift(self.bits)
        rounded: NDArray[np.int16] = ((parts + unit // 2) // unit).astype(np.int16)
        return rounded


def check_parameters(weights: ArrayLike, bias: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights ``[.., N]`` and bias ``[N]`` of a layer, float32 values in float64 arrays.

    Raises:
        QuantizationError: a value is not finite or not below ``PARAMETER_BOUND``, or the shapes do not go together.
    """
    w, b = np.asarray(weights, np.float32).astype(np.float64), np.asarray(bias, np.float32).astype(np.float64)
    for what, values in (("weight", w), ("bias", b)):
        if not np.all(np.abs(values) < PARAMETER_BOUND):  # false for NaN too
            raise QuantizationError(
                f"a {what} is not finite or not below {PARAMETER_BOUND:.0f} in magnitude",
                "training diverged: lower the learning rate",
            )
    if w.ndim != 2 or b.shape != w.shape[1:] or not w.size:
        raise QuantizationError(f"weights {w.shape} and bias {b.shape} do not go together")
    return w, b


def quantize_columns(weights: ArrayLike, bias: ArrayLike, bits: int) -> Columns:
    """Quantizes a float32 weight matrix column by column from its exact minimum and maximum.

    Args:
        weights: float32 ``[K inputs, N columns]``.
        bias: float32 ``[N]``.
        bits: weight bits, 2..8.

    Raises:
        QuantizationError: as ``check_parameters``, or a width or ``bits`` is out of range.
    """
    if not 2 <= bits <= 8:
        raise QuantizationError(f"{bits} weight bits", "use 2 to 8 bits")
    w, b = check_parameters(weights, bias)
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
