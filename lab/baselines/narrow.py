"""Weights of 4 bits in a ``.tflite`` that was converted with 8, which TensorFlow's converter cannot do here."""

from __future__ import annotations

from typing import Any

import flatbuffers
import numpy as np
from numpy.typing import NDArray

from pipeline.export.schema import schema

LARGEST = 7
"""Largest code of symmetric weights of 4 bits; -8 is not used."""
_ROUNDED = 0.5 * LARGEST / 127


def on_grid(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weights ``[..., channels]`` rounded to 15 levels, the outermost of which are each channel's largest magnitude."""
    step = np.abs(weights).max(axis=tuple(range(weights.ndim - 1))) / LARGEST
    return np.asarray(np.rint(weights / np.where(step > 0, step, 1)) * step, np.float32)


def with_narrow_filters(tflite: bytes) -> bytes:
    """The model with the filters of its convolutions in 4 bits. Nothing is rounded but biases, to their new steps.

    Args:
        tflite: int8, with filters that were ``on_grid`` before they were converted.

    Raises:
        ValueError: a filter has a code that is none of its channel's 15 levels.
    """
    s = schema()
    model = s.ModelT.InitFromPackedBuf(tflite)
    for graph in model.subgraphs:
        for operator in graph.operators:
            if model.operatorCodes[operator.opcodeIndex].builtinCode == s.BuiltinOperator.CONV_2D:
                _, kernel, bias = (graph.tensors[i] for i in operator.inputs)
                _narrow(model, kernel, bias, s)
    builder = flatbuffers.Builder(len(tflite))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _narrow(model: Any, kernel: Any, bias: Any, s: Any) -> None:
    wide = np.frombuffer(bytes(model.buffers[kernel.buffer].data), np.int8)
    levels = wide * (LARGEST / 127)
    codes = np.rint(levels).astype(np.int8)
    if np.abs(levels - codes).max() > 1.001 * _ROUNDED:
        raise ValueError("these weights of 8 bits do not lie on 15 levels")
    low, high = np.pad(codes & 15, (0, len(codes) % 2)).reshape(-1, 2).T
    kernel.type, model.buffers[kernel.buffer].data = s.TensorType.INT4, (low | high << 4).astype(np.uint8)
    ratio = 127 / LARGEST
    sums = np.frombuffer(bytes(model.buffers[bias.buffer].data), np.int32)
    model.buffers[bias.buffer].data = np.rint(sums / ratio).astype(np.int32).view(np.uint8)
    for tensor in (kernel, bias):
        tensor.quantization.scale = np.asarray(tensor.quantization.scale, np.float32) * np.float32(ratio)
