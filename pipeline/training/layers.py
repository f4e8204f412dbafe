"""A fully-connected Keras layer that trains with the quantizers of docs/method.md in its forward pass.

In training the weights and the input vector pass through the column and the frame quantizer in floating point, and
gradients pass straight through both. In inference the layer computes with the integer codes and returns the bits of the
numpy reference.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from pipeline.errors import QuantizationError
from pipeline.quantization import InputQuantization
from pipeline.training import exact

Tensor = Any

_TINY = 2.0**-64


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


@keras.saving.register_keras_serializable(package="dynq")
class DynqDense(keras.layers.Layer):  # type: ignore[misc]
    """``y = activation(x W + b)`` with column-wise quantized weights and a per-vector quantized input.

    Args:
        units: number of columns N.
        weight_bits: 2..8, or None for the float twin, an ordinary dense layer.
        activation: ``"relu"`` or None.
        input_quantization: ``(scale, zero_point)`` when the input is int8 features, None when it is float32.

    Input ``[B, K]``, output float32 ``[B, units]``. Needs the TensorFlow backend; float32 whatever the dtype policy.

    Raises:
        QuantizationError: bits or activation that the method does not know.
    """

    def __init__(
        self,
        units: int,
        weight_bits: int | None,
        activation: str | None = None,
        input_quantization: tuple[float, int] | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        if weight_bits is not None and not 2 <= weight_bits <= 8:
            raise QuantizationError(
                f"layer {self.name}: {weight_bits} weight bits", "use 2 to 8 bits, or None for float"
            )
        if activation not in ("relu", None):
            raise QuantizationError(f"layer {self.name}: activation {activation!r}", 'use "relu" or None')
        self.units = units
        self.weight_bits = weight_bits
        self.activation = activation
        self.input_quantization = (
            None
            if input_quantization is None
            else InputQuantization(float(input_quantization[0]), int(input_quantization[1]))
        )
        # XLA may drop the roundings that make inference exact, so Keras must not choose it by itself
        self.supports_jit = False

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
        return exact.fully_connected(frames, columns, self.activation == "relu")

    def _simulate(self, inputs: Tensor) -> Tensor:
        x = inputs
        if self.input_quantization is not None:
            codes = ops.cast(x, "float32")
            x = self.input_quantization.scale * (ops.maximum(codes, -127.0) - self.input_quantization.zero_point)
        elif self.weight_bits is not None:
            x = fake_quantize_frames(x)
        kernel = self.kernel if self.weight_bits is None else fake_quantize_columns(self.kernel, self.weight_bits)
        y = ops.matmul(x, kernel) + self.bias
        return ops.relu(y) if self.activation == "relu" else y

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, int]:
        return (input_shape[0], self.units)

    def get_config(self) -> dict[str, Any]:
        given = self.input_quantization
        return {
            **super().get_config(),
            "units": self.units,
            "weight_bits": self.weight_bits,
            "activation": self.activation,
            "input_quantization": None if given is None else [given.scale, given.zero_point],
        }
