"""Weights of 4 bits in a ``.tflite`` that was converted with 8, which TensorFlow's converter cannot do here."""

from __future__ import annotations

from typing import Any

import flatbuffers
import numpy as np
from numpy.typing import NDArray

from pipeline.export.graph import FILE_IDENTIFIER
from pipeline.export.schema import schema

LARGEST = 7
"""Largest code of symmetric weights of 4 bits; -8 is not used."""
_WIDE_CODES = 127 / LARGEST  # to a level


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
                _narrow(model.buffers, kernel, bias)
    builder = flatbuffers.Builder(len(tflite))
    builder.Finish(model.Pack(builder), file_identifier=FILE_IDENTIFIER)
    return bytes(builder.Output())


def _narrow(buffers: Any, kernel: Any, bias: Any) -> None:
    levels = np.frombuffer(bytes(buffers[kernel.buffer].data), np.int8) / _WIDE_CODES
    codes = np.rint(levels).astype(np.int8)
    if np.abs(levels - codes).max() > 1.001 * 0.5 / _WIDE_CODES:  # wide codes were rounded
        raise ValueError("these weights of 8 bits do not lie on 15 levels")
    low, high = np.pad(codes & 15, (0, len(codes) % 2)).reshape(-1, 2).T
    kernel.type, buffers[kernel.buffer].data = schema().TensorType.INT4, (low | high << 4).astype(np.uint8)
    sums = np.frombuffer(bytes(buffers[bias.buffer].data), np.int32)
    buffers[bias.buffer].data = np.rint(sums / _WIDE_CODES).astype(np.int32).view(np.uint8)
    for tensor in (kernel, bias):
        tensor.quantization.scale = np.asarray(tensor.quantization.scale, np.float32) * np.float32(_WIDE_CODES)
