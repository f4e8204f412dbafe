"""The frame quantizers of docs/method.md: a vector of activations, with a step and a zero of its own.

Functions take any number of leading dimensions: each vector along the last axis is a frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.errors import QuantizationError

f32 = np.float32
Floats = NDArray[np.float32]

MIN_MAGNITUDE = f32(2.0**-64)
"""A frame whose largest magnitude is below is a zero frame."""
MAX_MAGNITUDE = f32(2.0**64)
"""A frame that reaches this magnitude, or holds a NaN, is invalid."""
LEVELS = f32(253)
"""Steps over a frame's range."""
MAX_ZERO = f32(1023)
"""Largest distance from zero of any of a frame's values, in steps."""
CANONICAL_NAN = np.uint32(0x7FC00000).view(np.float32)
"""Every output of a layer whose input is invalid."""
EMPTY = -128
"""Exponent of a zero frame, below that of any other."""
INVALID = 127
"""Exponent of an invalid frame, above that of any other."""
_LOW_SIGNIFICAND = np.int32(0x1FFF)


@dataclass(frozen=True)
class Frames:
    """Vectors for a dense layer: ``x ~ step * (codes + zero)``.

    Attributes:
        codes: int32 ``[.., K]``, -127..127 (features: -128..127).
        step: float32 ``[..]`` of at most 11 significant bits; 0 for zero frames.
        zero: int32 ``[..]``, -1023..1023.
        valid: bool ``[..]``.
    """

    codes: NDArray[np.int32]
    step: Floats
    zero: NDArray[np.int32]
    valid: NDArray[np.bool_]


def _bounds(x: Floats) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
    """Smallest and largest value, largest magnitude, validity; zeros where a frame is invalid."""
    valid = np.all(np.abs(x) < MAX_MAGNITUDE, axis=-1)
    low, high = np.where(valid, x.min(axis=-1), f32(0)), np.where(valid, x.max(axis=-1), f32(0))
    return low, high, np.maximum(-low, high), valid


def quantize_frames(values: ArrayLike) -> Frames:
    """Quantizes float32 ``[.., K]``, each vector by its own exact minimum and maximum."""
    x = np.asarray(values, f32)
    low, high, magnitude, valid = _bounds(x)
    real = magnitude >= MIN_MAGNITUDE
    least = np.maximum((high - low) * (f32(1) / LEVELS), magnitude * (f32(1) / MAX_ZERO))
    rounded_up = (least.view(np.int32) + _LOW_SIGNIFICAND) & ~_LOW_SIGNIFICAND
    step = np.where(real, rounded_up.view(f32), f32(0))
    inverse = f32(1) / np.where(real, step, f32(np.inf))
    zero = np.rint((low * inverse + high * inverse) * f32(0.5)).astype(np.int32)
    positions = (np.where(valid[..., None], x, f32(0)) * inverse[..., None]).astype(np.float64)
    return Frames(np.rint(positions - zero[..., None]).astype(np.int32), step, zero, valid)


@dataclass(frozen=True)
class InputQuantization:
    """How an int8 feature ``u`` stands for a real number: ``x = scale * (u - zero_point)``.

    Raises:
        QuantizationError: the scale has more than 11 significant bits or is not between 2**-16 and 2**16, so that
            kernels would not multiply it exactly; or the zero point is none.
    """

    scale: float
    zero_point: int

    def __post_init__(self) -> None:
        short = f32(self.scale) == self.scale and not f32(self.scale).view(np.int32) & _LOW_SIGNIFICAND
        if not (short and 2.0**-16 <= self.scale <= 2.0**16):
            raise QuantizationError(
                f"the features' scale is {self.scale}",
                "it has at most 11 significant bits and is between 2**-16 and 2**16",
            )
        if not -128 <= self.zero_point <= 127:
            raise QuantizationError(f"the features' zero point is {self.zero_point}", "it is an int8 code")


def feature_frames(features: NDArray[np.int8], quantization: InputQuantization) -> Frames:
    """Takes int8 features ``[.., K]`` as the codes they already are."""
    row = np.zeros(features.shape[:-1])
    step, zero = (row + quantization.scale).astype(f32), (row - quantization.zero_point).astype(np.int32)
    return Frames(features.astype(np.int32), step, zero, row == 0)


@dataclass(frozen=True)
class History:
    """Vectors as filters and means keep them: ``x ~ 2**exponent * (codes - zero)``.

    Attributes:
        codes: uint8 ``[.., C]``.
        exponent: int8 ``[..]``; ``EMPTY`` for zero frames, ``INVALID`` for invalid ones, whose codes are their zero.
        zero: uint8 ``[..]``: 0 where no value is negative, else 128; features: any.
    """

    codes: NDArray[np.uint8]
    exponent: NDArray[np.int8]
    zero: NDArray[np.uint8]


def empty_history(*shape: int) -> History:
    """Zero frames ``[.., C]``: what lies before reset."""
    return History(np.zeros(shape, np.uint8), np.full(shape[:-1], EMPTY, np.int8), np.zeros(shape[:-1], np.uint8))


def quantize_history(values: ArrayLike) -> History:
    """Quantizes float32 ``[.., C]``, each vector with the smallest power-of-two step that covers its range."""
    x = np.asarray(values, f32)
    low, _, magnitude, valid = _bounds(x)
    negative = low < 0
    real = magnitude >= MIN_MAGNITUDE
    bits = magnitude.view(np.int32)
    exponent = np.where(negative, (bits + 0x10000 >> 23) - 133, (bits + 0x8000 >> 23) - 134)
    scaled = np.ldexp(np.where(real[..., None], x, f32(0)), -np.where(real, exponent, 0)[..., None])
    zero = np.where(real & negative, 128, 0)
    codes = np.rint(scaled).astype(np.int32) + zero[..., None]
    exponent = np.where(valid, np.where(real, exponent, EMPTY), INVALID)
    return History(codes.astype(np.uint8), exponent.astype(np.int8), zero.astype(np.uint8))


def feature_history(features: NDArray[np.int8], quantization: InputQuantization) -> History:
    """Takes int8 features ``[.., C]`` as the codes they already are, in units of their scale."""
    row = np.zeros(features.shape[:-1], np.uint8)
    codes = (features.astype(np.int16) + 128).astype(np.uint8)
    return History(codes, row.astype(np.int8), row + np.uint8(quantization.zero_point + 128))


def aligned(window: History) -> tuple[NDArray[np.int64], Floats, NDArray[np.bool_]]:
    """Brings the frames of a window ``[.., T, C]`` to the largest of their steps.

    Returns:
        Integers ``[.., T, C]``, -32640..32640, in units of the second, float32 ``[..]``: 0 where all frames are zero.
        Frames more than 7 powers of two below the largest step count as zero. Third, validity ``[..]``.
    """
    valid = np.all(window.exponent != INVALID, axis=-1)
    largest = np.where(valid, window.exponent.max(axis=-1), EMPTY).astype(np.int32)
    shift = 7 - (largest[..., None] - window.exponent.astype(np.int32))
    counts = (shift >= 0) & (window.exponent != EMPTY) & valid[..., None]
    values = window.codes.astype(np.int64) - window.zero[..., None]
    values = np.where(counts[..., None], values << np.where(counts, shift, 0)[..., None], 0)
    unit = np.where(largest == EMPTY, 0.0, np.exp2(np.maximum(largest, -100) - 7.0))
    return values, unit.astype(f32), valid
