"""A fully-connected Keras layer that trains with the quantizers of docs/method.md in its forward pass."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from pipeline.errors import QuantizationError
from pipeline.layers import Dense
from pipeline.quantization import InputQuantization
from pipeline.training import exact
from pipeline.training.layers.base import DynqLayer
from pipeline.training.layers.quantizers import Tensor, clip_columns, fake_quantize_columns, fake_quantize_frames


@keras.saving.register_keras_serializable(package="dynq")
class DynqDense(DynqLayer):
    """``y = activation(x W + b)`` with column-wise quantized weights and a per-vector quantized input.

    Args:
        units: number of columns N.
        weight_bits: 2..8, or None for the float twin, an ordinary dense layer.
        activation: ``"relu"`` or None.
        input_quantization: ``(scale, zero_point)`` when the input is int8 features, None when it is float32.

    Input ``[B, K]``, output float32 ``[B, units]``. Needs the TensorFlow backend.

    Raises:
        QuantizationError: bits or activation that the method does not know.
    """

    kind = Dense.kind

    def __init__(
        self,
        units: int,
        weight_bits: int | None,
        activation: str | None = None,
        input_quantization: tuple[float, int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(weight_bits, **kwargs)
        if activation not in ("relu", None):
            raise QuantizationError(f"layer {self.name}: activation {activation!r}", 'use "relu" or None')
        self.units = units
        self.activation = activation
        self.input_quantization = (
            None
            if input_quantization is None
            else InputQuantization(float(input_quantization[0]), int(input_quantization[1]))
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        if len(input_shape) != 2 or input_shape[-1] is None:
            raise QuantizationError(
                f"layer {self.name}: input shape {input_shape}", "flatten the input to [batch, inputs]"
            )
        self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1], self.units), initializer="he_normal")
        self.bias = self.add_weight(name="bias", shape=(self.units,), initializer="zeros")

    def call(self, inputs: Tensor, training: bool | None = False) -> Tensor:
        if training or self.weight_bits is None:
            return self._simulate(inputs)
        columns = exact.quantize_columns(
            ops.convert_to_tensor(self.kernel), ops.convert_to_tensor(self.bias), self.weight_bits
        )
        if self.input_quantization is not None:
            frames = exact.feature_frames(inputs, self.input_quantization)
        else:
            frames = exact.quantize_frames(exact.widen(inputs))
        return exact.dense(frames, columns, self.activation == "relu")

    def _simulate(self, inputs: Tensor) -> Tensor:
        x = inputs
        if self.input_quantization is not None:
            codes = ops.cast(x, "float32")
            x = self.input_quantization.scale * (codes - self.input_quantization.zero_point)
        elif self.weight_bits is not None:
            x = fake_quantize_frames(x)
        kernel = self.kernel if self.weight_bits is None else fake_quantize_columns(self.kernel, self.weight_bits)
        y = ops.matmul(x, kernel) + self.bias
        return ops.relu(y) if self.activation == "relu" else y

    def quantized(self, name: str, bits: int) -> Dense:
        return Dense.quantized(name, self.kernel.numpy(), self.bias.numpy(), bits, relu=self.activation == "relu")

    def starting_weights(self, weight_bits: int | None) -> list[NDArray[np.float32]]:
        kernel = self.kernel.numpy()
        return [kernel if weight_bits is None else clip_columns(kernel, weight_bits), self.bias.numpy()]

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, int]:
        return (input_shape[0], self.units)

    def get_config(self) -> dict[str, Any]:
        given = self.input_quantization
        return {
            **super().get_config(),
            "units": self.units,
            "activation": self.activation,
            "input_quantization": None if given is None else [given.scale, given.zero_point],
        }
