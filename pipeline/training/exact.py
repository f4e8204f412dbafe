"""docs/method.md in TensorFlow, bit for bit: in eager mode, in a graph, and on threads that flush subnormal numbers.

Single precision is not safe here: TensorFlow's worker threads flush subnormals to zero, its graph optimiser moves
constants through chains of ``+`` and ``*``, and a compiler may fuse ``a * b + c``. So every binary32 operation is done
in binary64 and rounded to binary32 explicitly. That is the same bits: a product of two binary32 numbers is exact in
binary64, and for sums and quotients 53 bits are enough (at least 2 * 24 + 2) for the second rounding to be harmless.

Values named "single" are float64 tensors whose every element is a binary32 number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from pipeline.quantization import MAX_INPUT, MIN_RANGE, InputQuantization

Tensor = Any

_SMALLEST_NORMAL = 2.0**-126
_SUBNORMAL_UNIT = 2.0**-149
_SIGN = np.int32(-(2**31))
_CANONICAL_NAN = np.int32(0x7FC00000)


def widen(x: Tensor) -> Tensor:
    """float32 to single, subnormals included."""
    bits = tf.bitcast(x, tf.int32)
    magnitude = tf.bitwise.bitwise_and(bits, np.int32(0x7FFFFFFF))
    tiny = tf.cast(magnitude, tf.float64) * _SUBNORMAL_UNIT
    return tf.where(magnitude < np.int32(0x00800000), tf.where(bits < 0, -tiny, tiny), tf.cast(x, tf.float64))


def narrow(x: Tensor) -> Tensor:
    """Single to float32, subnormals included."""
    units = tf.cast(tf.minimum(tf.abs(x), _SMALLEST_NORMAL) / _SUBNORMAL_UNIT, tf.int32)
    tiny = tf.where(x < 0, tf.bitwise.bitwise_or(units, _SIGN), units)
    return tf.where(tf.abs(x) < _SMALLEST_NORMAL, tf.bitcast(tiny, tf.float32), tf.cast(x, tf.float32))


def rounded(x: Tensor) -> Tensor:
    """float64 to the nearest single, ties to even, subnormals included."""
    tiny = tf.round(x / _SUBNORMAL_UNIT) * _SUBNORMAL_UNIT
    return tf.where(tf.abs(x) < _SMALLEST_NORMAL, tiny, tf.cast(tf.cast(x, tf.float32), tf.float64))


@dataclass(frozen=True)
class Columns:
    """A quantized weight matrix: float64 codes ``[K, N]``; singles ``[N]``."""

    codes: Tensor
    scale: Tensor
    offset: Tensor
    column_sum: Tensor
    bias: Tensor


@dataclass(frozen=True)
class Frames:
    """Quantized vectors: float64 codes ``[B, K]``; singles ``scale`` and ``offset``, booleans ``valid``, ``[B, 1]``."""

    codes: Tensor
    scale: Tensor
    offset: Tensor
    valid: Tensor


def quantize_columns(kernel: Tensor, bias: Tensor, bits: int) -> Columns:
    """Column quantizer over float32 ``[K, N]`` and ``[N]``; values out of bounds are refused only on export."""
    w = widen(kernel)
    low = tf.reduce_min(w, axis=0)
    span = rounded(tf.reduce_max(w, axis=0) - low)
    varies = span >= float(MIN_RANGE)
    scale = tf.where(varies, rounded(span / (2.0**bits - 1)), tf.zeros_like(span))
    divisor = tf.where(varies, scale, tf.ones_like(scale))
    codes = tf.where(varies, tf.round(rounded(rounded(w - low) / divisor)), tf.zeros_like(w))
    column_sum = rounded(float(kernel.shape[0]) * low + scale * tf.reduce_sum(codes, axis=0))
    return Columns(codes, scale, low, column_sum, widen(bias) + 0.0)


def quantize_frames(x: Tensor) -> Frames:
    """Frame quantizer over singles ``[B, K]``, each row with its own minimum and maximum."""
    valid = tf.reduce_all(tf.abs(x) < float(MAX_INPUT), axis=1, keepdims=True)
    low = tf.reduce_min(x, axis=1, keepdims=True)
    high = tf.reduce_max(x, axis=1, keepdims=True)
    span = rounded(high - low)
    varies = tf.logical_and(valid, span >= float(MIN_RANGE))
    divisor = tf.where(varies, span, tf.ones_like(span))
    middle = rounded(rounded(low * 0.5) + rounded(high * 0.5))
    codes = tf.round(rounded(rounded(x - middle) * rounded(254.0 / divisor)))
    codes = tf.clip_by_value(codes, -127.0, 127.0)
    return Frames(
        codes=tf.where(varies, codes, tf.zeros_like(codes)),
        scale=tf.where(varies, rounded(span / 254.0), tf.zeros_like(span)),
        offset=tf.where(varies, middle, low),
        valid=valid,
    )


def feature_frames(features: Tensor, quantization: InputQuantization) -> Frames:
    """int8 features ``[B, K]`` as the codes they already are."""
    codes = tf.cast(features, tf.float64)
    step = float(np.float32(quantization.scale))
    offset = float(-(np.float32(quantization.scale) * np.float32(quantization.zero_point)))
    row = tf.zeros_like(codes[:, :1])
    return Frames(tf.maximum(codes, -127.0), row + step, row + offset, tf.equal(row, row))


def fully_connected(frames: Frames, columns: Columns, relu: bool) -> Tensor:
    """One layer, float32 ``[B, N]``."""
    dot = rounded(tf.matmul(frames.codes, columns.codes))  # exact: integers below 2**31
    code_sum = rounded(tf.reduce_sum(frames.codes, axis=1, keepdims=True))
    offset_products = rounded(columns.offset * rounded(frames.scale * code_sum))
    products = rounded(rounded(rounded(frames.scale * columns.scale) * dot) + offset_products)
    y = rounded(products + rounded(rounded(frames.offset * columns.column_sum) + columns.bias))
    if relu:
        y = tf.where(y < 0, tf.zeros_like(y), y)
    nan = tf.bitcast(tf.fill(tf.shape(y), _CANONICAL_NAN), tf.float32)
    return tf.where(frames.valid, narrow(y), nan)
