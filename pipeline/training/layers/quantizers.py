"""The quantizers as training sees them, with gradients that pass straight through."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

Tensor = Any

_TINY = 2.0**-64
# Half the range, in standard deviations of the column, that costs a normal distribution least under 2**b uniform
# levels: with an exact minimum and maximum a single outlier would otherwise stretch all steps.
_HALF_RANGE = {2: 1.49, 3: 2.05, 4: 2.51, 5: 2.91, 6: 3.29, 7: 3.63, 8: 3.96}


def fake_quantize_columns(kernel: Tensor, bits: int) -> Tensor:
    """Rounds float32 ``[K, N]`` to ``2**bits`` levels over each column's range; the gradient is one."""
    low = ops.min(kernel, axis=0, keepdims=True)
    step = ops.maximum((ops.max(kernel, axis=0, keepdims=True) - low) / (2.0**bits - 1), _TINY)
    return kernel + ops.stop_gradient(low + step * ops.round((kernel - low) / step) - kernel)


def fake_quantize_frames(x: Tensor) -> Tensor:
    """Rounds each row of float32 ``[B, K]`` to 255 levels over its range; the gradient is one."""
    low = ops.min(x, axis=-1, keepdims=True)
    high = ops.max(x, axis=-1, keepdims=True)
    middle = 0.5 * low + 0.5 * high
    step = ops.maximum((high - low) / 254.0, _TINY)
    return x + ops.stop_gradient(middle + step * ops.round((x - middle) / step) - x)


def clip_columns(kernel: NDArray[np.float32], bits: int) -> NDArray[np.float32]:
    """Clips each column of ``[K, N]`` around its mean to the range that suits ``2**bits`` levels."""
    mean = kernel.mean(axis=0)
    half = kernel.std(axis=0) * np.float32(_HALF_RANGE[bits])
    return np.clip(kernel, mean - half, mean + half).astype(np.float32)
