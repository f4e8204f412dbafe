"""A fully-connected Keras layer that trains with the quantizers of docs/method.md in its forward pass."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from pipeline.errors import QuantizationError
from pipeline.layers import Dense
from pipeline.training import exact
from pipeline.training.layers.affine import DynqAffine
from pipeline.training.layers.quantizers import Tensor, fake_quantize_columns, fake_quantize_frames


@keras.saving.register_keras_serializable(package="dynq")
class DynqDense(DynqAffine):
    """``y = activation(x W + b)`` with column-wise quantized weights and a per-vector quantized input.

    Args:
        units: number of columns N.
        weight_bits: 2..8, or None for the float twin, an ordinary dense layer.

    Others as ``DynqAffine``. Input ``[B, K]``, or ``[B, T, K]`` for T steps; output float32 ``[.., units]``. Needs the
    TensorFlow backend.

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
        normalise: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(weight_bits, activation, input_quantization, normalise, **kwargs)
        self.units = units

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        if len(input_shape) not in (2, 3) or input_shape[-1] is None:
            raise QuantizationError(
                f"layer {self.name}: input shape {input_shape}", "it is [batch, inputs] or [batch, steps, inputs]"
            )
        self.add_parameters((input_shape[-1], self.units), "he_normal")

    @property
    def reach(self) -> int:
        return 0

    def simulated(self, x: Tensor) -> Tensor:
        if self.weight_bits is None:
            return _product(x, self.kernel)
        if self.input_quantization is None:
            x = fake_quantize_frames(x)
        return _product(x, fake_quantize_columns(self.kernel, self.weight_bits))

    def exactly(self, inputs: Tensor) -> Tensor:
        kernel, bias = ops.convert_to_tensor(self.kernel), ops.convert_to_tensor(self.bias)
        columns = exact.quantize_columns(kernel, bias, self.weight_bits or 0)
        x = ops.reshape(inputs, (-1, inputs.shape[-1]))
        if self.input_quantization is not None:
            frames = exact.feature_frames(x, self.input_quantization)
        else:
            frames = exact.quantize_frames(exact.widen(x))
        y = exact.dense(frames, columns, self.relu)
        return ops.reshape(y, (-1, *inputs.shape[1:-1], self.units))

    def quantized(self, name: str) -> Dense:
        return Dense.quantized(name, *self.folded(), self.weight_bits or 0, relu=self.relu)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


def _product(x: Tensor, kernel: Tensor) -> Tensor:
    """``x [.., K]`` times ``[K, N]``, as one product of matrices."""
    y = ops.matmul(ops.reshape(x, (-1, x.shape[-1])), kernel)
    return ops.reshape(y, (-1, *x.shape[1:-1], kernel.shape[-1]))
