"""The sum of two layers' outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from pipeline.layers import Add
from pipeline.training import exact
from pipeline.training.layers.base import DynqLayer
from pipeline.training.layers.quantizers import Tensor


@keras.saving.register_keras_serializable(package="dynq")
class DynqAdd(DynqLayer):
    """``y = activation(x + x')`` of the outputs ``[.., C]`` of the layer before and of an earlier one, in that order.

    Args:
        back: how far back the earlier one is, counted in layers of the method: 2 is the layer before the one before.
        activation: ``"relu"`` or None.
    """

    kind = Add.kind

    def __init__(self, back: int, weight_bits: int | None, activation: str | None = None, **kwargs: Any) -> None:
        super().__init__(weight_bits, **kwargs)
        self.back, self.activation = back, activation

    def call(self, inputs: list[Tensor], training: bool | None = False) -> Tensor:
        first, second = inputs
        if training or self.weight_bits is None:
            return ops.relu(first + second) if self.activation == "relu" else first + second
        return exact.add(first, second, self.activation == "relu")

    @property
    def reach(self) -> int:
        return 0

    def over_stream(self, signals: Sequence[Tensor]) -> Tensor:
        return self([signals[-1], signals[-self.back]])

    def build(self, input_shape: list[tuple[int | None, ...]]) -> None:
        self._width = int(input_shape[0][-1] or 0)

    def quantized(self, name: str) -> Add:
        return Add(name, self._width, self.back, relu=self.activation == "relu")

    def compute_output_shape(self, input_shape: list[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "back": self.back, "activation": self.activation}
