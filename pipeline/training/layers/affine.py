"""Layers with weights: a sum of products per output, batch normalisation while training in float, bias, ReLU."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from pipeline.errors import QuantizationError
from pipeline.quantization import InputQuantization
from pipeline.training.layers.base import DynqLayer, Weights
from pipeline.training.layers.quantizers import Tensor, clip_columns
from pipeline.training.replicas import mean_of_replicas

_MOMENTUM = 0.98
_EPSILON = 1e-3


class DynqAffine(DynqLayer):
    """``y = activation(normalise(x * kernel) + bias)``, where ``*`` is up to the type.

    Args:
        weight_bits: of the kernel.
        activation: ``"relu"`` or None.
        input_quantization: ``(scale, zero_point)`` when the input is int8 features, None when it is float32.
        normalise: whether a float twin normalises its outputs over the batch (and over time); a quantized layer starts
            with that folded into its weights.

    Raises:
        QuantizationError: bits or activation that the method does not know.
    """

    def __init__(
        self,
        weight_bits: int | None,
        activation: str | None,
        input_quantization: tuple[float, int] | None,
        normalise: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(weight_bits, **kwargs)
        if activation not in ("relu", None):
            raise QuantizationError(f"layer {self.name}: activation {activation!r}", 'use "relu" or None')
        self.activation = activation
        self.input_quantization = (
            None
            if input_quantization is None
            else InputQuantization(float(input_quantization[0]), int(input_quantization[1]))
        )
        self.normalise = normalise

    @property
    def relu(self) -> bool:
        return self.activation == "relu"

    def add_parameters(self, shape: tuple[int, int], initializer: Any) -> None:
        """Makes the weights of a kernel ``[.., outputs]``."""
        outputs = shape[-1]
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer=initializer)
        self.bias = self.add_weight(name="bias", shape=(outputs,), initializer="zeros")
        if self.normalises:
            self.gain = self.add_weight(name="gain", shape=(outputs,), initializer="ones")
            self.mean = self.add_weight(name="mean", shape=(outputs,), initializer="zeros", trainable=False)
            self.variance = self.add_weight(name="variance", shape=(outputs,), initializer="ones", trainable=False)

    @property
    def normalises(self) -> bool:
        return self.normalise and self.weight_bits is None

    def call(self, inputs: Tensor, training: bool | None = False) -> Tensor:
        if not training and self.weight_bits is not None:
            return self.exactly(inputs)
        x = inputs
        if self.input_quantization is not None:
            codes = ops.cast(x, "float32")
            x = self.input_quantization.scale * (codes - self.input_quantization.zero_point)
        y = self.simulated(x)
        if self.normalises:
            y = self._normalised(y, bool(training))
        y = y + self.bias
        return ops.relu(y) if self.relu else y

    def simulated(self, x: Tensor) -> Tensor:
        """The products' sums in floating point, of float32 inputs, through the quantizers unless this is a twin."""
        raise NotImplementedError

    def exactly(self, inputs: Tensor) -> Tensor:
        """The bits of the numpy reference."""
        raise NotImplementedError

    def _normalised(self, y: Tensor, training: bool) -> Tensor:
        mean, variance = ops.convert_to_tensor(self.mean), ops.convert_to_tensor(self.variance)
        if training:
            batch = _moments(ops.reshape(y, (-1, y.shape[-1])))
            self.mean.assign(_MOMENTUM * mean + (1 - _MOMENTUM) * batch[0])
            self.variance.assign(_MOMENTUM * variance + (1 - _MOMENTUM) * batch[1])
            mean, variance = batch
        return (y - mean) * (self.gain * ops.rsqrt(variance + _EPSILON))

    def folded(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Kernel and bias with batch normalisation folded in: ``g (x w - m) + a`` is ``x (g w) + (a - g m)``."""
        kernel, bias = self.kernel.numpy(), self.bias.numpy()
        if not self.normalises:
            return kernel, bias
        gain = self.gain.numpy() / np.sqrt(self.variance.numpy() + np.float32(_EPSILON))
        return kernel * gain, bias - gain * self.mean.numpy()

    def starting_weights(self, clip_bits: int | None = None) -> Weights:
        kernel, bias = self.folded()
        return [kernel if clip_bits is None else clip_columns(kernel, clip_bits), bias]

    def get_config(self) -> dict[str, Any]:
        given = self.input_quantization
        return {
            **super().get_config(),
            "activation": self.activation,
            "input_quantization": None if given is None else [given.scale, given.zero_point],
            "normalise": self.normalise,
        }


def _moments(y: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance of the columns of ``[n, N]``: as products of matrices, which XLA spreads over the cores."""
    share = ops.full((1, y.shape[0]), 1.0 / y.shape[0])
    mean, square = mean_of_replicas([ops.matmul(share, y)[0], ops.matmul(share, y * y)[0]])
    return mean, ops.maximum(square - mean * mean, 0.0)
