"""The same model as a ``.tflite`` of built-in float operators only, for any stock interpreter or viewer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.export.graph import Graph
from pipeline.export.schema import schema
from pipeline.files import write_bytes
from pipeline.layers import MODEL_INPUT, QuantizedModel
from pipeline.quantization import LEVELS, MAX_ZERO, MIN_MAGNITUDE

f32 = np.float32
Floats = NDArray[np.float32]


def write_reference_tflite(model: QuantizedModel, path: Path) -> Path:
    """Writes the reference graph of a model: int8 ``[1, K]`` features in, float32 ``[1, labels]`` logits out.

    Weights are the dequantized ones, and every layer's input is put through the frame quantizer, in float arithmetic.
    So the graph computes what the kernels compute except for the rounding of its dot products: float sums in the
    interpreter's own order where the kernels sum integers. It is as large as a float model, and meant for comparison.
    """
    write_bytes(path, encode_reference_tflite(model))
    return path


def encode_reference_tflite(model: QuantizedModel) -> bytes:
    """The bytes that :func:`write_reference_tflite` writes."""
    graph = Graph(f"{model.name}: reference graph of built-in operators")
    shape = [1, model.window]
    features = graph.tensor(
        "features", shape, schema().TensorType.INT8, scale=model.input.scale, zero_point=model.input.zero_point
    )
    builder = ReferenceBuilder(graph, features, model)
    signals = {MODEL_INPUT: builder.features}
    for index, layer in enumerate(model.layers):
        output = "logits" if index == len(model.layers) - 1 else f"{layer.name}/output"
        sources = (signals[source] for source in model.sources(index))
        signals[index] = layer.reference_graph(builder, output, *sources)
    return graph.finish([features], [signals[len(model.layers) - 1]])


class ReferenceBuilder:
    """Strings of built-in operators, one method for each step of docs/method.md.

    Attributes:
        features: the tensor of the model's input as real numbers, which no layer quantizes again.
    """

    def __init__(self, graph: Graph, codes: int, model: QuantizedModel) -> None:
        self._graph = graph
        self._per_level = graph.constant("per_level", np.array([f32(1) / LEVELS]))
        self._per_zero = graph.constant("per_zero", np.array([f32(1) / MAX_ZERO]))
        self._least_step = graph.constant("least_step", np.array([MIN_MAGNITUDE / MAX_ZERO]))
        self._last_axis = graph.constant("last_axis", np.array([1], np.int32))
        self.features = self._input(codes, model)

    def _input(self, codes: int, model: QuantizedModel) -> int:
        """Int8 features as real numbers."""
        x = self._float("features/real", model.window)
        self._graph.builtin("DEQUANTIZE", [codes], [x], version=2)
        return x

    def quantize_frame(self, x: int, name: str, k: int) -> int:
        """Rounds a vector of ``k`` to multiples of a step that suits its range: ``step * round(x / step)``.

        The step is the method's before that is rounded up to 11 significant bits, which no built-in operator does.
        """
        if x == self.features:
            return x
        low, high = self._reduce("REDUCE_MIN", x, f"{name}/low"), self._reduce("REDUCE_MAX", x, f"{name}/high")
        by_range = self._binary(
            "MUL", self._binary("SUB", high, low, f"{name}/range", 1), self._per_level, f"{name}/a", 1
        )
        negative = self._float(f"{name}/negative", 1)
        self._graph.builtin("NEG", [low], [negative], "NegOptions")
        magnitude = self._maximum(negative, high, f"{name}/magnitude")
        by_magnitude = self._binary("MUL", magnitude, self._per_zero, f"{name}/by_magnitude", 1)
        step = self._maximum(by_range, by_magnitude, f"{name}/least")
        step = self._maximum(step, self._least_step, f"{name}/step")
        codes = self._float(f"{name}/codes", k)
        self._graph.builtin("ROUND", [self._binary("DIV", x, step, f"{name}/scaled", k)], [codes])
        return self._binary("MUL", codes, step, f"{name}/input", k)

    def fully_connected(self, x: int, weights: Floats, bias: Floats, name: str, output: str, *, relu: bool) -> int:
        """Product with float32 weights ``[K, N]``, plus the bias, then ReLU where asked."""
        activation = schema().ActivationFunctionType
        y = self._float(output, len(bias))
        self._graph.builtin(
            "FULLY_CONNECTED",
            [
                x,
                self._graph.constant(f"{name}/weights", weights.T),
                self._graph.constant(f"{name}/bias", bias),
            ],
            [y],
            "FullyConnectedOptions",
            fusedActivationFunction=activation.RELU if relu else activation.NONE,
        )
        return y

    def _float(self, name: str, width: int) -> int:
        return self._graph.tensor(name, [1, width], schema().TensorType.FLOAT32)

    def _binary(self, operator: str, a: int, b: int, name: str, width: int) -> int:
        y = self._float(name, width)
        self._graph.builtin(operator, [a, b], [y], operator.capitalize() + "Options")
        return y

    def _maximum(self, a: int, b: int, name: str) -> int:
        y = self._float(name, 1)
        self._graph.builtin("MAXIMUM", [a, b], [y], "MaximumMinimumOptions")
        return y

    def _reduce(self, operator: str, x: int, name: str) -> int:
        y = self._float(name, 1)
        self._graph.builtin(operator, [x, self._last_axis], [y], "ReducerOptions", keepDims=True)
        return y
