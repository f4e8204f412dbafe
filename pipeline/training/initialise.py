"""Where quantization-aware training starts: the float weights, their outliers clipped to what few levels can hold."""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import QuantizationError
from pipeline.training.convert import dynq_layers

# Half the range, in standard deviations of the column, that costs a normal distribution least under 2**b uniform
# levels: with an exact minimum and maximum a single outlier would otherwise stretch all steps.
_HALF_RANGE = {2: 1.49, 3: 2.05, 4: 2.51, 5: 2.91, 6: 3.29, 7: 3.63, 8: 3.96}


def clip_columns(kernel: NDArray[np.float32], bits: int) -> NDArray[np.float32]:
    """Clips each column of ``[K, N]`` around its mean to the range that suits ``2**bits`` levels."""
    mean = kernel.mean(axis=0)
    half = kernel.std(axis=0) * np.float32(_HALF_RANGE[bits])
    return np.clip(kernel, mean - half, mean + half).astype(np.float32)


def start_from(model: keras.Model, trained: keras.Model, weight_bits: int | None) -> None:
    """Copies the weights of ``trained`` into ``model``, clipped when ``weight_bits`` is given.

    Raises:
        QuantizationError: the two differ in shape.
    """
    source, target = dynq_layers(trained), dynq_layers(model)
    if [layer.kernel.shape for layer in source] != [layer.kernel.shape for layer in target]:
        raise QuantizationError(
            "the initial weights belong to a network of another shape", "train the float model again"
        )
    for old, new in zip(source, target, strict=True):
        kernel = old.kernel.numpy()
        new.kernel.assign(kernel if weight_bits is None else clip_columns(kernel, weight_bits))
        new.bias.assign(old.bias)
