"""The numpy reference of docs/method.md: every other implementation is held to these bits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.errors import QuantizationError
from pipeline.quantization.model import QuantizedLayer, QuantizedModel

f32 = np.float32
Floats = NDArray[np.float32]

MIN_RANGE = f32(2.0**-64)
"""A column or frame with a smaller range is constant."""
MAX_INPUT = f32(2.0**64)
"""A frame that reaches this magnitude, or holds a NaN, is invalid."""
MAX_PARAMETER = f32(2.0**32)
"""Weights and biases stay below this magnitude, so that no intermediate of a valid frame overflows."""
CANONICAL_NAN = np.uint32(0x7FC00000).view(np.float32)
"""Every output of a layer whose input frame is invalid."""


def quantize_columns(
    weights: ArrayLike, bias: ArrayLike, bits: int, *, name: str = "layer", relu: bool = False
) -> QuantizedLayer:
    """Quantizes a float weight matrix ``[K, N]`` column by column with exact minimum and maximum.

    Args:
        weights: float32 ``[K inputs, N columns]``.
        bias: float32 ``[N]``.
        bits: weight bits, 2..8.

    Raises:
        QuantizationError: a value is not finite or not below ``MAX_PARAMETER``, or a shape or ``bits`` is out of range.
    """
    w = np.asarray(weights, f32)
    b = np.asarray(bias, f32)
    if not (2 <= bits <= 8):
        raise QuantizationError(f"layer {name}: {bits} weight bits", "use 2 to 8 bits")
    for what, values in (("weight", w), ("bias", b)):
        if not np.all(np.abs(values) < MAX_PARAMETER):  # false for NaN too
            raise QuantizationError(
                f"layer {name}: a {what} is not finite or not below 2**32 in magnitude",
                "training diverged: lower the learning rate",
            )
    if w.ndim != 2 or b.shape != w.shape[1:] or not w.size:
        raise QuantizationError(f"layer {name}: weights {w.shape} and bias {b.shape} do not go together")
    low = w.min(axis=0)
    span = w.max(axis=0) - low
    varies = span >= MIN_RANGE
    scale = np.where(varies, span / f32(2**bits - 1), f32(0)).astype(f32)
    codes = np.rint((w - low) / np.where(varies, scale, f32(1))) * varies
    return QuantizedLayer(name, bits, codes.astype(np.uint8), scale, low, b + f32(0), relu)


@dataclass(frozen=True)
class Frame:
    """One quantized vector: ``x ~ offset + scale * codes``.

    Attributes:
        codes: int32 ``[K]``, -127..127 at 8 bits.
        valid: false when the vector held a NaN or reached ``MAX_INPUT``.
    """

    codes: NDArray[np.int32]
    scale: np.float32
    offset: np.float32
    valid: bool = True


def quantize_frame(x: ArrayLike, bits: int = 8) -> Frame:
    """Quantizes one float32 vector ``[K]`` with its own exact minimum and maximum, to ``2**bits - 1`` levels."""
    x = np.asarray(x, f32)
    zeros = np.zeros(x.shape, np.int32)
    if not np.all(np.abs(x) < MAX_INPUT):
        return Frame(zeros, f32(0), f32(0), valid=False)
    low, high = x.min(), x.max()
    span = high - low
    if span < MIN_RANGE:
        return Frame(zeros, f32(0), low)
    levels = f32(2**bits - 2)
    middle = low * f32(0.5) + high * f32(0.5)
    # the middle of a range tiny beside its values is rounded off the middle: clamp the codes
    half = levels * f32(0.5)
    codes = np.clip(np.rint((x - middle) * (levels / span)), -half, half).astype(np.int32)
    return Frame(codes, span / levels, middle)


def input_frame(model: QuantizedModel, features: ArrayLike) -> Frame:
    """Takes int8 features ``[K]`` as the codes they already are (-128 reads as -127)."""
    u = np.asarray(features)
    if u.dtype != np.int8 or u.shape != (model.layers[0].inputs,):
        raise QuantizationError(f"features are {u.dtype} {u.shape}, the model takes int8 ({model.layers[0].inputs},)")
    scale = f32(model.input.scale)
    offset = -(scale * f32(model.input.zero_point))
    if model.activation_bits != 8:
        return quantize_frame(scale * u.astype(f32) + offset, model.activation_bits)
    return Frame(np.maximum(u.astype(np.int32), -127), scale, offset)


def fully_connected(layer: QuantizedLayer, frame: Frame) -> Floats:
    """One layer: integer dot product of codes plus affine corrections, float32 ``[N]``."""
    if not frame.valid:
        return np.full(layer.outputs, CANONICAL_NAN, f32)
    # int32 is exact: |A| <= 255 * 127 * 4096 < 2**31
    dot = (frame.codes @ layer.codes.astype(np.int32)).astype(f32)
    code_sum = f32(int(frame.codes.sum(dtype=np.int64)))
    products = (frame.scale * layer.scale) * dot + layer.offset * (frame.scale * code_sum)
    y = products + (frame.offset * layer.column_sum + layer.bias)
    return np.where(y < 0, f32(0), y) if layer.relu else y


def layer_outputs(model: QuantizedModel, features: ArrayLike) -> list[Floats]:
    """Runs one inference on int8 features ``[K]``: the float32 output of every layer, the logits last."""
    frame = input_frame(model, features)
    outputs: list[Floats] = []
    for layer in model.layers:
        outputs.append(fully_connected(layer, frame))
        frame = quantize_frame(outputs[-1], model.activation_bits)
    return outputs


def logits(model: QuantizedModel, features: ArrayLike) -> Floats:
    """Logits of a batch, int8 features ``[B, K]`` to float32 ``[B, labels]``, or of one vector ``[K]``."""
    batch = np.asarray(features)
    if batch.ndim == 1:
        return layer_outputs(model, batch)[-1]
    if not len(batch):
        return np.zeros((0, len(model.labels)), f32)
    return np.stack([layer_outputs(model, row)[-1] for row in batch])


def softmax(values: ArrayLike) -> Floats:
    """Softmax over the last axis, float32."""
    x = np.asarray(values, f32)
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True), f32)
