"""Filters over time, one per channel, that train with the quantizers of docs/method.md in their forward pass."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from pipeline.errors import QuantizationError
from pipeline.layers import Filter
from pipeline.training import exact, exact_history
from pipeline.training.layers.affine import DynqAffine
from pipeline.training.layers.base import Weights
from pipeline.training.layers.quantizers import Tensor, fake_quantize_history, fake_quantize_taps

TAP_BITS = 8


@keras.saving.register_keras_serializable(package="dynq")
class DynqFilter(DynqAffine):
    """``y_t = activation(sum_i taps[i] x_(t - i dilation) + b)``, channel by channel; before the clip there are zeros.

    Args:
        taps: number of taps L; tap 0 meets the newest step.
        weight_bits: ``TAP_BITS``, or None for the float twin.
        dilation: steps from one tap to the next.

    Others as ``DynqAffine``. Input ``[B, T, C]``, output float32 ``[B, T, C]``. Needs the TensorFlow backend.

    Raises:
        QuantizationError: bits or activation that the method does not know.
    """

    kind = Filter.kind

    def __init__(
        self,
        taps: int,
        weight_bits: int | None,
        dilation: int = 1,
        activation: str | None = None,
        input_quantization: tuple[float, int] | None = None,
        normalise: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(weight_bits, activation, input_quantization, normalise, **kwargs)
        if weight_bits not in (TAP_BITS, None):
            raise QuantizationError(f"layer {self.name}: taps of {weight_bits} bits", f"taps have {TAP_BITS} bits")
        self.taps, self.dilation = taps, dilation

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        if len(input_shape) != 3 or input_shape[-1] is None or input_shape[1] is None:
            raise QuantizationError(f"layer {self.name}: input shape {input_shape}", "it is [batch, steps, channels]")
        initial = keras.initializers.RandomNormal(stddev=self.taps**-0.5)
        self.add_parameters((self.taps, input_shape[-1]), initial)

    @property
    def reach(self) -> int:
        return (self.taps - 1) * self.dilation

    def simulated(self, x: Tensor) -> Tensor:
        taps = ops.convert_to_tensor(self.kernel)
        if self.weight_bits is not None:
            taps = fake_quantize_taps(taps)
            x = x if self.input_quantization is not None else fake_quantize_history(x)
        steps, reach = x.shape[1], (self.taps - 1) * self.dilation
        padded = ops.pad(x, ((0, 0), (reach, 0), (0, 0)))
        shifted = (padded[:, reach - i * self.dilation :][:, :steps] for i in range(self.taps))
        return sum(tap * frames for tap, frames in zip(ops.unstack(taps, self.taps), shifted, strict=True))

    def exactly(self, inputs: Tensor) -> Tensor:
        kernel, bias = ops.convert_to_tensor(self.kernel), ops.convert_to_tensor(self.bias)
        filters = exact_history.quantize_filters(kernel, bias)
        history = exact_history.history_of(inputs, self.input_quantization)
        windows = exact_history.windows(history, self.taps, self.dilation)
        values, unit, valid = exact_history.aligned(windows)
        total = ops.sum(values * filters.codes, axis=-2)
        scale = 1.0 if self.input_quantization is None else self.input_quantization.scale
        return exact.affine(total, scale * unit, filters.step, filters.bias, valid, self.relu)

    def quantized(self, name: str) -> Filter:
        return Filter.quantized(name, *self.folded(), dilation=self.dilation, relu=self.relu)

    def starting_weights(self, clip_bits: int | None = None) -> Weights:
        return list(self.folded())  # 8 bits hold the outliers of a few taps

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "taps": self.taps, "dilation": self.dilation}
