"""docs/method.md in TensorFlow, bit for bit: in eager mode, in a graph, and on threads that flush subnormal numbers.

Single precision is not safe here: TensorFlow's graph optimiser moves constants through chains of ``+`` and ``*``, and
a compiler may fuse ``a * b + c``. So every binary32 operation is done in binary64 and rounded to binary32 explicitly.
That is the same bits: a product of two binary32 numbers is exact in binary64, and for sums and quotients 53 bits are
enough (at least 2 * 24 + 2) for the second rounding to be harmless. Subnormals have no part in the method's results.

Values named "single" are float64 tensors whose every element is a binary32 number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from pipeline.quantization import LEVELS, MAX_MAGNITUDE, MAX_ZERO, MIN_MAGNITUDE, InputQuantization
from pipeline.quantization.columns import MAX_OFFSET, MAX_SUM, OFFSET_UNIT, sum_shift
from pipeline.quantization.half import MIN_STEP

Tensor = Any

_SHORT = np.int64(1 << 42)
"""Unit in the last place of 11 significant bits, in the bits of a binary64."""
_CANONICAL_NAN = np.int32(0x7FC00000)
_FIXED_POINT = 2.0**24


def widen(x: Tensor) -> Tensor:
    """float32 to single."""
    return tf.cast(x, tf.float64)


def rounded(x: Tensor) -> Tensor:
    """float64 to the nearest single, ties to even."""
    return tf.cast(tf.cast(x, tf.float32), tf.float64)


def up_to_half(x: Tensor) -> Tensor:
    """The smallest float64 with 11 significant bits that is not below, of positive ones."""
    bits = tf.bitcast(x, tf.int64) + (_SHORT - 1)
    return tf.bitcast(tf.bitwise.bitwise_and(bits, -_SHORT), tf.float64)


def nearest_half(x: Tensor) -> Tensor:
    """The nearest float64 with 11 significant bits, ties to even; 0 below the least step."""
    bits = tf.bitcast(x, tf.int64)
    odd = tf.bitwise.bitwise_and(tf.bitwise.right_shift(bits, np.int64(42)), np.int64(1))
    nearest = tf.bitcast(tf.bitwise.bitwise_and(bits + (_SHORT // 2 - 1) + odd, -_SHORT), tf.float64)
    return tf.where(tf.abs(x) < MIN_STEP, tf.zeros_like(x), nearest)


@dataclass(frozen=True)
class Columns:
    """A quantized weight matrix, all float64: codes ``[K, N]``; steps, offsets, sums and biases ``[N]``."""

    bits: int
    codes: Tensor
    step: Tensor
    offset: Tensor
    sum: Tensor
    bias: Tensor


@dataclass(frozen=True)
class Frames:
    """Quantized vectors: float64 codes ``[B, K]``; float64 ``step`` and ``zero``, booleans ``valid``, ``[B, 1]``."""

    codes: Tensor
    step: Tensor
    zero: Tensor
    valid: Tensor


def quantize_columns(kernel: Tensor, bias: Tensor, bits: int) -> Columns:
    """Column quantizer over float32 ``[K, N]`` and ``[N]``; values out of bounds are refused only on export."""
    w = widen(kernel)
    low, high = tf.reduce_min(w, axis=0), tf.reduce_max(w, axis=0)
    middle, shift, inputs = 2.0 ** (bits - 1), sum_shift(bits), float(kernel.shape[0])
    total = tf.reduce_sum(tf.round(w * _FIXED_POINT), axis=0) / _FIXED_POINT  # of integers: exact in any order
    step = tf.maximum((high - low) / (2.0**bits - 1), high / (middle - 1 + MAX_OFFSET))
    step = tf.maximum(step, -low / (middle + MAX_OFFSET))
    step = up_to_half(tf.maximum(tf.maximum(step, tf.abs(total) * 2.0**shift / MAX_SUM), MIN_STEP))
    limit = float(MAX_OFFSET * OFFSET_UNIT)
    offset = tf.clip_by_value(tf.round(OFFSET_UNIT * (low / step + middle)), -limit, limit)
    codes = tf.clip_by_value(tf.round(w / step - offset / OFFSET_UNIT), -middle, middle - 1)
    unit = OFFSET_UNIT >> shift
    parts = OFFSET_UNIT * tf.reduce_sum(codes, axis=0) + inputs * offset
    return Columns(bits, codes, step, offset, tf.floor((parts + unit // 2) / unit), nearest_half(widen(bias)))


def column_values(kernel: Tensor, bits: int) -> Tensor:
    """What the codes of a float32 matrix ``[K, N]`` stand for, float32 ``[K, N]``."""
    columns = quantize_columns(kernel, tf.zeros_like(kernel[0]), bits)
    return tf.cast(columns.step * (columns.codes + columns.offset / OFFSET_UNIT), tf.float32)


def short_step(step: Tensor) -> Tensor:
    """Positive float32 numbers rounded up to 11 significant bits."""
    return tf.cast(up_to_half(widen(step)), tf.float32)


def quantize_frames(x: Tensor) -> Frames:
    """Frame quantizer over singles ``[B, K]``, each row with its own minimum and maximum."""
    valid = tf.reduce_all(tf.abs(x) < float(MAX_MAGNITUDE), axis=1, keepdims=True)
    low = tf.reduce_min(x, axis=1, keepdims=True)
    high = tf.reduce_max(x, axis=1, keepdims=True)
    magnitude = tf.maximum(-low, high)
    real = tf.logical_and(valid, magnitude >= float(MIN_MAGNITUDE))
    by_range = rounded(rounded(high - low) * float(np.float32(1) / LEVELS))
    least = tf.maximum(by_range, rounded(magnitude * float(np.float32(1) / MAX_ZERO)))
    step = up_to_half(tf.where(real, least, tf.ones_like(least)))
    inverse = rounded(1.0 / step)
    zero = tf.round(rounded(rounded(low * inverse) + rounded(high * inverse)) * 0.5)
    codes = tf.round(rounded(x * inverse) - zero)
    none = tf.zeros_like(step)
    return Frames(
        codes=tf.where(real, codes, tf.zeros_like(codes)),
        step=tf.where(real, step, none),
        zero=tf.where(real, zero, none),
        valid=valid,
    )


def feature_frames(features: Tensor, quantization: InputQuantization) -> Frames:
    """int8 features ``[B, K]`` as the codes they already are."""
    codes = tf.cast(features, tf.float64)
    row = tf.zeros_like(codes[:, :1])
    return Frames(codes, row + quantization.scale, row - float(quantization.zero_point), tf.equal(row, row))


def dense(frames: Frames, columns: Columns, relu: bool) -> Tensor:
    """One layer, float32 ``[B, N]``."""
    dot = tf.matmul(frames.codes, columns.codes)  # exact: integers far below 2**53
    by_zero = tf.floor(frames.zero * columns.sum / 2.0 ** sum_shift(columns.bits))
    by_offset = tf.floor(tf.reduce_sum(frames.codes, axis=1, keepdims=True) * columns.offset / OFFSET_UNIT)
    return affine(dot + by_zero + by_offset, frames.step, columns.step, columns.bias, frames.valid, relu)


def affine(total: Tensor, unit: Tensor, step: Tensor, bias: Tensor, valid: Tensor, relu: bool) -> Tensor:
    """``(unit * step) * total + bias`` of float64 integers ``[.., N]``, float32; NaN where not valid ``[.., 1]``."""
    y = rounded(rounded(unit * step * rounded(total)) + bias)
    if relu:
        y = tf.where(y < 0, tf.zeros_like(y), y)
    nan = tf.bitcast(tf.fill(tf.shape(y), _CANONICAL_NAN), tf.float32)
    return tf.where(valid, tf.cast(y, tf.float32), nan)


def add(first: Tensor, second: Tensor, relu: bool) -> Tensor:
    """Sum of two float32 tensors; a NaN stays one."""
    total = rounded(widen(first) + widen(second))
    return tf.cast(tf.where(total < 0, tf.zeros_like(total), total) if relu else total, tf.float32)
