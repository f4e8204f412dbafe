"""What a ``.tflite`` of built-in operators stores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.export.schema import schema


@dataclass(frozen=True)
class Constants:
    """Bytes of a model's constants.

    Attributes:
        weight_bytes: of tensors of 4 and 8 bits.
        parameter_bytes: of biases, and a float32 step for every channel of the weights.
    """

    weight_bytes: int
    parameter_bytes: int

    @property
    def bytes(self) -> int:
        return self.weight_bytes + self.parameter_bytes


def constants(tflite: bytes) -> Constants:
    """Adds up the constants that the kernels compute with; shapes, and what a file holds besides, are not counted."""
    s = schema()
    model, types = s.Model.GetRootAsModel(tflite, 0), s.TensorType
    weights = parameters = 0
    for graph in (model.Subgraphs(i) for i in range(model.SubgraphsLength())):
        for tensor in (graph.Tensors(i) for i in range(graph.TensorsLength())):
            size = model.Buffers(tensor.Buffer()).DataLength()
            quantization = tensor.Quantization()
            steps = quantization.ScaleLength() if quantization is not None else 0
            if size and steps and tensor.Type() in (types.INT4, types.INT8):
                weights, parameters = weights + size, parameters + 4 * steps
            elif size and steps and tensor.Type() == types.INT32:
                parameters += size
    return Constants(weights, parameters)


def input_codes(tflite: bytes, values: NDArray[np.float32]) -> NDArray[np.int8]:
    """Real numbers as the codes of a model's input."""
    scale, zero_point = _quantization(tflite, "Inputs")
    codes = np.clip(np.rint(values / scale + zero_point), -128, 127)
    return np.asarray(codes, np.int8)


def output_values(tflite: bytes, codes: NDArray[np.int8]) -> NDArray[np.float32]:
    """The real numbers that codes of a model's output stand for."""
    scale, zero_point = _quantization(tflite, "Outputs")
    return np.asarray(scale * (codes.astype(np.float32) - zero_point), np.float32)


def _quantization(tflite: bytes, which: str) -> tuple[np.float32, int]:
    graph: Any = schema().Model.GetRootAsModel(tflite, 0).Subgraphs(0)
    found = graph.Tensors(getattr(graph, which)(0)).Quantization()
    return np.float32(found.Scale(0)), int(found.ZeroPoint(0))
