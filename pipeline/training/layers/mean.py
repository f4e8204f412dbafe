"""The mean over the last steps of a clip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from pipeline.layers import Mean
from pipeline.quantization import half
from pipeline.training import exact, exact_history
from pipeline.training.layers.base import DynqLayer
from pipeline.training.layers.quantizers import Tensor, fake_quantize_history


@keras.saving.register_keras_serializable(package="dynq")
class DynqMean(DynqLayer):
    """What the mean of the last ``frames`` steps is at the end of a clip: ``[B, T, C]`` to float32 ``[B, C]``.

    Where a clip has fewer steps, the others are zeros.
    """

    kind = Mean.kind

    def __init__(self, frames: int, weight_bits: int | None, **kwargs: Any) -> None:
        super().__init__(weight_bits, **kwargs)
        self.frames = frames
        self.share = float(half.nearest(1 / np.float64(frames)))

    def call(self, inputs: Tensor, training: bool | None = False) -> Tensor:
        last = inputs[:, -self.frames :]
        if training or self.weight_bits is None:
            return self.share * ops.sum(last if self.weight_bits is None else fake_quantize_history(last), axis=1)
        values, unit, valid = exact_history.aligned(exact_history.history_of(last))
        total = ops.sum(values, axis=-2)
        none = ops.zeros((inputs.shape[-1],), "float64")
        return exact.affine(total, unit, none + self.share, none, valid, relu=False)

    @property
    def reach(self) -> int:
        return self.frames - 1

    def over_stream(self, signals: Sequence[Tensor]) -> Tensor:
        padded = ops.pad(signals[-1], ((0, 0), (self.reach, 0), (0, 0)))
        mean = ops.average_pool(padded, self.frames, strides=1, data_format="channels_last")
        return mean * (self.frames * self.share)

    def quantized(self, name: str) -> Mean:
        return Mean(name, self._width, self.frames)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self._width = int(input_shape[-1] or 0)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (input_shape[0], input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "frames": self.frames}
