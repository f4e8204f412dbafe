"""Filters and means of docs/method.md in TensorFlow, bit for bit: as ``exact``, for frames that are kept over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from pipeline.quantization import MAX_MAGNITUDE, MIN_MAGNITUDE, InputQuantization
from pipeline.quantization.half import MIN_STEP
from pipeline.quantization.temporal import TAP_LEVELS
from pipeline.training.exact import nearest_half, up_to_half, widen

Tensor = Any

EMPTY = -1000
"""Exponent of a zero frame, below that of any other."""


@dataclass(frozen=True)
class Filters:
    """Quantized taps, all float64: codes ``[L, C]``; steps and biases ``[C]``."""

    codes: Tensor
    step: Tensor
    bias: Tensor


@dataclass(frozen=True)
class History:
    """Frames ``~ 2**exponent * codes``: float64 codes ``[.., C]``; int32 exponents and bool ``valid``, ``[.., 1]``."""

    codes: Tensor
    exponent: Tensor
    valid: Tensor


def tap_codes(taps: Tensor) -> tuple[Tensor, Tensor]:
    """Tap quantizer over float32 ``[L, C]``: codes ``[L, C]`` and steps ``[C]``, float64."""
    w = widen(taps)
    step = up_to_half(tf.maximum(tf.reduce_max(tf.abs(w), axis=0) / TAP_LEVELS, MIN_STEP))
    return tf.round(w / step), step


def quantize_filters(taps: Tensor, bias: Tensor) -> Filters:
    """What a filter's float32 taps ``[L, C]`` and biases ``[C]`` are stored as."""
    return Filters(*tap_codes(taps), nearest_half(widen(bias)))


def exponents(low: Tensor, magnitude: Tensor) -> Tensor:
    """int32 exponent of the step of frames with this least value and this largest magnitude, normal float32."""
    bits = tf.bitcast(magnitude, tf.int32)
    signed = tf.bitwise.right_shift(bits + np.int32(0x10000), np.int32(23)) - 133
    unsigned = tf.bitwise.right_shift(bits + np.int32(0x8000), np.int32(23)) - 134
    return tf.where(low < 0, signed, unsigned)


def _power(exponent: Tensor) -> Tensor:
    """``2**exponent``, float64, exact."""
    bits = tf.bitwise.left_shift(tf.cast(exponent, tf.int64) + np.int64(1023), np.int64(52))
    return tf.bitcast(bits, tf.float64)


def history_of(inputs: Tensor, quantization: InputQuantization | None = None) -> History:
    """Frames ``[.., C]`` as they are kept: float32 by their own range, int8 features in units of their scale."""
    if quantization is not None:
        codes = tf.cast(inputs, tf.float64) - float(quantization.zero_point)
        row = tf.zeros_like(inputs[..., :1], tf.int32)
        return History(codes, row, tf.equal(row, row))
    valid = tf.reduce_all(tf.abs(inputs) < float(MAX_MAGNITUDE), axis=-1, keepdims=True)
    low = tf.reduce_min(inputs, axis=-1, keepdims=True)
    magnitude = tf.maximum(-low, tf.reduce_max(inputs, axis=-1, keepdims=True))
    real = tf.logical_and(valid, magnitude >= float(MIN_MAGNITUDE))
    exponent = exponents(low, tf.where(real, magnitude, tf.ones_like(magnitude)))
    codes = tf.round(widen(inputs) * _power(-exponent))
    return History(
        tf.where(real, codes, tf.zeros_like(codes)), tf.where(real, exponent, tf.fill(tf.shape(exponent), EMPTY)), valid
    )


def windows(history: History, taps: int, dilation: int) -> History:
    """The frames ``[B, T, L, C]``, newest first, that a filter sees at each of T steps; before the first are zeros."""
    reach, steps = (taps - 1) * dilation, history.codes.shape[1]

    def shifted(values: Tensor, before: Any) -> Tensor:
        padded = tf.pad(values, [[0, 0], [reach, 0], [0, 0]], constant_values=before)
        return tf.stack([padded[:, reach - i * dilation :][:, :steps] for i in range(taps)], axis=2)

    return History(shifted(history.codes, 0.0), shifted(history.exponent, EMPTY), shifted(history.valid, True))


def aligned(window: History) -> tuple[Tensor, Tensor, Tensor]:
    """Brings the frames ``[.., T, C]`` of a window to the largest of their steps.

    Returns:
        Float64 integers ``[.., T, C]``; float64 ``[.., 1]``, the unit of these, 0 where all frames are zero; validity
        ``[.., 1]``.
    """
    valid = tf.reduce_all(window.valid, axis=-2)
    largest = tf.reduce_max(window.exponent, axis=-2, keepdims=True)
    shift = 7 - (largest - window.exponent)
    counts = tf.logical_and(shift >= 0, window.exponent > EMPTY)
    factor = tf.where(counts, _power(tf.where(counts, shift, 0)), tf.constant(0.0, tf.float64))
    largest = largest[..., 0, :]
    unit = tf.where(largest > EMPTY, _power(tf.maximum(largest, -100) - 7), tf.constant(0.0, tf.float64))
    return window.codes * factor, unit, valid
