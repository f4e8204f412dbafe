"""Layers of docs/method.md that look back in time, and the sum of two signals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.config import MAX_WIDTH
from pipeline.errors import QuantizationError
from pipeline.quantization import half
from pipeline.quantization.columns import check_parameters
from pipeline.quantization.dense import affine, finish
from pipeline.quantization.frames import Floats, History, aligned, f32

MAX_TAPS = 256
"""Most taps of a filter and most frames of a mean: no sum leaves 32 bits."""
TAP_LEVELS = 127


@dataclass(frozen=True)
class Filters:
    """One filter over time per channel: ``tap[i, c] ~ step[c] * codes[i, c]``, tap 0 for the newest frame.

    Attributes:
        codes: int8 ``[L taps, C]``, -127..127.
        step: binary16 ``[C]``, normal and positive.
        bias: binary16 ``[C]``, normal or +0.
    """

    codes: NDArray[np.int8]
    step: half.Halves
    bias: half.Halves

    def __post_init__(self) -> None:
        if self.codes.ndim != 2 or self.codes.dtype != np.int8:
            raise QuantizationError("taps must be an int8 matrix")
        if not (1 <= self.taps <= MAX_TAPS and 1 <= self.channels <= MAX_WIDTH):
            raise QuantizationError(
                f"{self.taps} taps for {self.channels} channels", f"at most {MAX_TAPS} taps and {MAX_WIDTH} channels"
            )
        if np.any(np.abs(self.codes.astype(int)) > TAP_LEVELS):
            raise QuantizationError("a tap needs more than 8 bits")
        if any(values.shape != (self.channels,) or values.dtype != np.float16 for values in (self.step, self.bias)):
            raise QuantizationError(f"step and bias must be {self.channels} numbers of 16 bits")
        if not (np.all(half.is_step(self.step)) and np.all(half.is_bias(self.bias))):
            raise QuantizationError("a step or bias is out of range")

    @property
    def taps(self) -> int:
        return int(self.codes.shape[0])

    @property
    def channels(self) -> int:
        return int(self.codes.shape[1])


def quantize_filters(taps: ArrayLike, bias: ArrayLike) -> Filters:
    """Quantizes float32 taps ``[L, C]`` channel by channel, symmetrically, to 8 bits.

    Raises:
        QuantizationError: as ``check_parameters``, or there are more than ``MAX_TAPS`` taps.
    """
    w, b = check_parameters(taps, bias)
    step = half.up(np.maximum(np.abs(w).max(axis=0) / TAP_LEVELS, half.MIN_STEP))
    codes = np.rint(w / step.astype(np.float64))
    return Filters(codes.astype(np.int8), step, half.nearest(b))


def filter_step(filters: Filters, window: History, *, scale: float = 1.0, relu: bool = False) -> Floats:
    """One step of all filters: frames ``[.., L, C]``, newest first, to float32 ``[.., C]``.

    Args:
        scale: of the features, where the frames are features.
    """
    values, unit, valid = aligned(window)
    total = (values * filters.codes).sum(axis=-2)
    return finish(affine(total, f32(scale) * unit, filters.step, filters.bias), valid, relu=relu)


def mean_share(frames: int) -> half.Halves:
    """What each frame counts in a mean over so many: a binary16 number, shape ``()``."""
    return half.nearest(1 / frames)


def mean_step(window: History, *, scale: float = 1.0) -> Floats:
    """Mean over the frames ``[.., T, C]`` of a window: float32 ``[.., C]``; ``scale`` as for a filter."""
    values, unit, valid = aligned(window)
    share = mean_share(window.exponent.shape[-1])
    return finish(affine(values.sum(axis=-2), f32(scale) * unit, share, np.zeros(1, np.float16)), valid, relu=False)


def add(first: ArrayLike, second: ArrayLike, *, relu: bool = False) -> Floats:
    """Sum of two layers' outputs, float32 ``[.., C]``: a NaN stays one."""
    total = np.asarray(first, f32) + np.asarray(second, f32)
    return np.where(total < 0, f32(0), total) if relu else total
