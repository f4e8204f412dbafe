"""The numpy reference of docs/method.md on plain arrays: every other implementation is held to these bits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.config import MAX_WIDTH
from pipeline.errors import QuantizationError

f32 = np.float32
Floats = NDArray[np.float32]

MIN_RANGE = f32(2.0**-64)
"""A column or frame with a smaller range is constant."""
MAX_INPUT = f32(2.0**64)
"""A frame that reaches this magnitude, or holds a NaN, is invalid."""
MAX_PARAMETER = f32(2.0**32)
"""Weights and biases stay below this magnitude, so that no intermediate of a valid frame overflows."""
CANONICAL_NAN = np.uint32(0x7FC00000).view(np.float32)
"""Every output of a layer whose input frame is invalid."""


@dataclass(frozen=True)
class Columns:
    """A weight matrix quantized column by column, and a bias for each column.

    Attributes:
        bits: weight bits, 2..8.
        codes: uint8 ``[K inputs, N columns]``, 0 .. 2**bits - 1.
        scale: float32 ``[N]``, step of each column; 0 where the column is constant.
        offset: float32 ``[N]``, exact minimum of each column.
        bias: float32 ``[N]``, never -0.
    """

    bits: int
    codes: NDArray[np.uint8]
    scale: Floats
    offset: Floats
    bias: Floats

    def __post_init__(self) -> None:
        if not 2 <= self.bits <= 8:
            raise QuantizationError(f"{self.bits} weight bits", "use 2 to 8 bits")
        if self.codes.ndim != 2 or self.codes.dtype != np.uint8:
            raise QuantizationError("codes must be a uint8 matrix")
        k, n = self.codes.shape
        if not (1 <= k <= MAX_WIDTH and 1 <= n <= MAX_WIDTH):
            raise QuantizationError(f"a matrix of {k} x {n}", f"inputs and columns go from 1 to {MAX_WIDTH}")
        if int(self.codes.max()) >= 1 << self.bits:
            raise QuantizationError(f"a code needs more than {self.bits} bits")
        for what in ("scale", "offset", "bias"):
            values = getattr(self, what)
            if values.shape != (n,) or values.dtype != np.float32 or not np.all(np.isfinite(values)):
                raise QuantizationError(f"{what} must be {n} finite float32 values")

    @property
    def inputs(self) -> int:
        return int(self.codes.shape[0])

    @property
    def outputs(self) -> int:
        return int(self.codes.shape[1])

    @cached_property
    def column_sum(self) -> Floats:
        """``B_j``, the sum of each column's dequantized weights, float32 ``[N]``."""
        total = self.codes.sum(axis=0, dtype=np.int64).astype(np.float64)
        exact: NDArray[np.float64] = (
            float(self.inputs) * self.offset.astype(np.float64) + self.scale.astype(np.float64) * total
        )
        return exact.astype(np.float32)


def quantize_columns(weights: ArrayLike, bias: ArrayLike, bits: int) -> Columns:
    """Quantizes a float weight matrix ``[K, N]`` column by column with exact minimum and maximum.

    Args:
        weights: float32 ``[K inputs, N columns]``.
        bias: float32 ``[N]``.
        bits: weight bits, 2..8.

    Raises:
        QuantizationError: a value is not finite or not below ``MAX_PARAMETER``, or a shape or ``bits`` is out of range.
    """
    w = np.asarray(weights, f32)
    b = np.asarray(bias, f32)
    if not (2 <= bits <= 8):
        raise QuantizationError(f"{bits} weight bits", "use 2 to 8 bits")
    for what, values in (("weight", w), ("bias", b)):
        if not np.all(np.abs(values) < MAX_PARAMETER):  # false for NaN too
            raise QuantizationError(
                f"a {what} is not finite or not below 2**32 in magnitude",
                "training diverged: lower the learning rate",
            )
    if w.ndim != 2 or b.shape != w.shape[1:] or not w.size:
        raise QuantizationError(f"weights {w.shape} and bias {b.shape} do not go together")
    low = w.min(axis=0)
    span = w.max(axis=0) - low
    varies = span >= MIN_RANGE
    scale = np.where(varies, span / f32(2**bits - 1), f32(0)).astype(f32)
    codes = np.rint((w - low) / np.where(varies, scale, f32(1))) * varies
    return Columns(bits, codes.astype(np.uint8), scale, low, b + f32(0))


@dataclass(frozen=True)
class Frame:
    """One quantized vector: ``x ~ offset + scale * codes``.

    Attributes:
        codes: int32 ``[K]``, -127..127.
        valid: false when the vector held a NaN or reached ``MAX_INPUT``.
    """

    codes: NDArray[np.int32]
    scale: np.float32
    offset: np.float32
    valid: bool = True


def quantize_frame(x: ArrayLike) -> Frame:
    """Quantizes one float32 vector ``[K]`` with its own exact minimum and maximum, to 255 levels."""
    x = np.asarray(x, f32)
    zeros = np.zeros(x.shape, np.int32)
    if not np.all(np.abs(x) < MAX_INPUT):
        return Frame(zeros, f32(0), f32(0), valid=False)
    low, high = x.min(), x.max()
    span = high - low
    if span < MIN_RANGE:
        return Frame(zeros, f32(0), low)
    middle = low * f32(0.5) + high * f32(0.5)
    # the middle of a range tiny beside its values is rounded off the middle: clamp the codes
    codes = np.clip(np.rint((x - middle) * (f32(254) / span)), -127, 127).astype(np.int32)
    return Frame(codes, span / f32(254), middle)


@dataclass(frozen=True)
class InputQuantization:
    """How an int8 feature ``u`` stands for a real number: ``x = scale * (u - zero_point)``."""

    scale: float
    zero_point: int


def feature_frame(codes: NDArray[np.int8], quantization: InputQuantization) -> Frame:
    """Takes int8 features ``[K]`` as the codes they already are (-128 reads as -127)."""
    scale = f32(quantization.scale)
    return Frame(np.maximum(codes.astype(np.int32), -127), scale, -(scale * f32(quantization.zero_point)))


def fully_connected(columns: Columns, frame: Frame, *, relu: bool = False) -> Floats:
    """One layer: integer dot product of codes plus affine corrections, float32 ``[N]``."""
    if not frame.valid:
        return np.full(columns.outputs, CANONICAL_NAN, f32)
    # int32 is exact: |A| <= 255 * 127 * 4096 < 2**31
    dot = (frame.codes @ columns.codes.astype(np.int32)).astype(f32)
    code_sum = f32(int(frame.codes.sum(dtype=np.int64)))
    products = (frame.scale * columns.scale) * dot + columns.offset * (frame.scale * code_sum)
    y = products + (frame.offset * columns.column_sum + columns.bias)
    return np.where(y < 0, f32(0), y) if relu else y


def softmax(values: ArrayLike) -> Floats:
    """Softmax over the last axis, float32."""
    x = np.asarray(values, f32)
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True), f32)
