"""From logits to posteriors."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def softmax(values: ArrayLike) -> NDArray[np.float32]:
    """Softmax over the last axis, float32."""
    x = np.asarray(values, np.float32)
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True), np.float32)
