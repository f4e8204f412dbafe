"""The quantizers as training sees them, with gradients that pass straight through."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from keras import ops
from numpy.typing import NDArray

from pipeline.quantization import LEVELS, MAX_ZERO
from pipeline.training import exact
from pipeline.training.exact_history import exponents, tap_codes

Tensor = Any

_TINY = 2.0**-64
# Half the range, in standard deviations of the column, that costs a normal distribution least under 2**b uniform
# levels: with an exact minimum and maximum a single outlier would otherwise stretch all steps.
_HALF_RANGE = {2: 1.49, 3: 2.05, 4: 2.51, 5: 2.91, 6: 3.29, 7: 3.63, 8: 3.96}


def fake_quantize_columns(kernel: Tensor, bits: int) -> Tensor:
    """Rounds float32 ``[K, N]`` to what the method's codes of its columns stand for; the gradient is one."""
    return kernel + ops.stop_gradient(exact.column_values(kernel, bits) - kernel)


def fake_quantize_frames(x: Tensor) -> Tensor:
    """Rounds each row of float32 ``[B, K]`` to multiples of the method's step for it; the gradient is one."""
    low = ops.min(x, axis=-1, keepdims=True)
    high = ops.max(x, axis=-1, keepdims=True)
    least = ops.maximum((high - low) / float(LEVELS), ops.maximum(-low, high) / float(MAX_ZERO))
    step = exact.short_step(ops.maximum(least, _TINY))
    return x + ops.stop_gradient(step * ops.round(x / step) - x)


def fake_quantize_taps(taps: Tensor) -> Tensor:
    """Rounds each channel of float32 taps ``[L, C]`` to 8 bits around zero; the gradient is one."""
    codes, step = tap_codes(taps)
    return taps + ops.stop_gradient(ops.cast(step * codes, "float32") - taps)


def fake_quantize_history(x: Tensor) -> Tensor:
    """Rounds each vector of float32 ``[.., C]`` to 8 bits with a step that is a power of two; the gradient is one."""
    low = ops.min(x, axis=-1, keepdims=True)
    magnitude = ops.maximum(ops.maximum(-low, ops.max(x, axis=-1, keepdims=True)), _TINY)
    step = tf.bitcast(tf.bitwise.left_shift(exponents(low, magnitude) + 127, np.int32(23)), tf.float32)
    return x + ops.stop_gradient(step * ops.round(x / step) - x)


def clip_columns(kernel: NDArray[np.float32], bits: int) -> NDArray[np.float32]:
    """Clips each column of ``[K, N]`` around its mean to the range that suits ``2**bits`` levels."""
    mean = kernel.mean(axis=0)
    half = kernel.std(axis=0) * np.float32(_HALF_RANGE[bits])
    return np.clip(kernel, mean - half, mean + half).astype(np.float32)
