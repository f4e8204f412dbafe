"""The same model as a ``.tflite`` of built-in float operators only, for any stock interpreter or viewer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.export.graph import Graph
from pipeline.export.schema import schema
from pipeline.files import write_bytes
from pipeline.layers import MODEL_INPUT, QuantizedModel
from pipeline.quantization import LEVELS, MAX_MAGNITUDE, MAX_ZERO, MIN_MAGNITUDE

f32 = np.float32
Floats = NDArray[np.float32]


def write_reference_tflite(model: QuantizedModel, path: Path) -> Path:
    """Writes the reference graph of a model: int8 clips ``[1, inputs]`` in, float32 ``[1, labels]`` logits out.

    It runs a whole clip from reset at once: every layer sees the vectors of all steps, or of the last one where no
    layer keeps anything. Weights are the dequantized ones, and every layer's input is put through the frame quantizer,
    in float arithmetic. So the graph computes what the kernels compute except for the rounding of its sums: float sums
    in the interpreter's own order where the kernels sum integers, and over all frames of a window where the kernels
    leave out those more than 7 powers of two below the largest. It is as large as a float model, and meant for
    comparison.
    """
    write_bytes(path, encode_reference_tflite(model))
    return path


def encode_reference_tflite(model: QuantizedModel) -> bytes:
    """The bytes that :func:`write_reference_tflite` writes."""
    graph = Graph(f"{model.name}: reference graph of built-in operators")
    shape = [1, model.inputs]
    features = graph.tensor(
        "features", shape, schema().TensorType.INT8, scale=model.input.scale, zero_point=model.input.zero_point
    )
    builder = ReferenceBuilder(graph, features, model)
    signals = {MODEL_INPUT: builder.features}
    last = len(model.layers) - 1
    for index, layer in enumerate(model.layers):
        output = "logits" if index == last and builder.steps == 1 else f"{layer.name}/output"
        sources = (signals[source] for source in model.sources(index))
        signals[index] = layer.reference_graph(builder, output, *sources)
    return graph.finish([features], [builder.last_step(signals[last], "logits", len(model.labels))])


class ReferenceBuilder:
    """Strings of built-in operators, one method for each step of docs/method.md. A signal is ``[steps, width]``.

    Attributes:
        steps: of a clip, as far as they count: where no layer keeps anything, the last one.
        features: the tensor of the model's input as real numbers, which no layer quantizes again.
    """

    def __init__(self, graph: Graph, codes: int, model: QuantizedModel) -> None:
        self._graph = graph
        self._per_level = graph.constant("per_level", np.array([f32(1) / LEVELS]))
        self._per_zero = graph.constant("per_zero", np.array([f32(1) / MAX_ZERO]))
        self._least_step = graph.constant("least_step", np.array([MIN_MAGNITUDE / MAX_ZERO]))
        self._last_axis = graph.constant("last_axis", np.array([1], np.int32))
        self.steps = model.frontend.context_frames // model.stride if model.state_bytes else 1
        self.features = self._windows(codes, model)

    def _windows(self, codes: int, model: QuantizedModel) -> int:
        """The rows that the first layer sees at each step, as real numbers; before the first row there is code 0."""
        rows, bands = model.frontend.context_frames, model.frontend.bands
        x = self._float("features/real", model.inputs, steps=1)
        self._graph.builtin("DEQUANTIZE", [codes], [x], version=2)
        ends = rows - model.stride * np.arange(self.steps)[::-1]
        indices = ends[:, None] - model.rows + np.arange(model.rows)
        if indices.size == rows:
            return x
        before = max(0, -int(indices.min()))
        x = self._reshape(x, "features/rows", rows, bands)
        if before:
            padding = self._graph.constant("features/padding", np.array([[before, 0], [0, 0]], np.int32))
            zero = self._graph.constant("features/zero", np.array([-model.input.scale * model.input.zero_point], f32))
            padded = self._float("features/padded", bands, steps=rows + before)
            self._graph.builtin("PADV2", [x, padding, zero], [padded], "PadV2Options")
            x = padded
        places = self._graph.constant("features/places", (indices + before).reshape(-1).astype(np.int32))
        gathered = self._float("features/gathered", bands, steps=indices.size)
        self._graph.builtin("GATHER", [x, places], [gathered], "GatherOptions")
        return self._reshape(gathered, "features/windows", self.steps, model.window)

    def quantize_frame(self, x: int, name: str, k: int) -> int:
        """Rounds vectors of ``k`` to multiples of a step that suits each one's range: ``step * round(x / step)``.

        The step is the method's before that is rounded up to 11 significant bits, which no built-in operator does.
        """
        if x == self.features:
            return x
        low, high, magnitude = self._bounds(x, name)
        by_range = self._binary(
            "MUL", self._binary("SUB", high, low, f"{name}/range", 1), self._per_level, f"{name}/a", 1
        )
        by_magnitude = self._binary("MUL", magnitude, self._per_zero, f"{name}/by_magnitude", 1)
        return self._rounded(x, self._maximum(by_range, by_magnitude, f"{name}/least"), name, k)

    def quantize_history(self, x: int, name: str, k: int) -> int:
        """Rounds vectors of ``k`` to multiples of a power of two, as filters and means keep them.

        The power is looked up: the largest of those whose frames reach up to the vector's magnitude. What is negative
        counts twice, and what would round beyond the last code belongs to the next power.
        """
        if x == self.features:
            return x
        low, _, magnitude = self._bounds(x, name)
        negative = self._compare("LESS", low, self._constant(0.0), f"{name}/is_negative", 1)
        factors = self._constant(2 / (1 - 2.0**-8)), self._constant(1 / (1 - 2.0**-9))
        factor = self._select(negative, *factors, f"{name}/factor", 1)
        reach = self._binary("MUL", magnitude, factor, f"{name}/reach", 1)
        exponents = np.arange(np.log2(MIN_MAGNITUDE), np.log2(MAX_MAGNITUDE) + 2)
        powers = self._graph.constant(f"{name}/powers", np.exp2(exponents)[None].astype(f32))
        steps = self._graph.constant(f"{name}/steps", np.exp2(exponents - 7)[None].astype(f32))
        reached = self._compare("GREATER_EQUAL", reach, powers, f"{name}/reached", len(exponents))
        reached_steps = self._select(reached, steps, self._constant(0.0), f"{name}/reached_steps", len(exponents))
        return self._rounded(x, self._reduce("REDUCE_MAX", reached_steps, f"{name}/largest"), name, k)

    def fully_connected(self, x: int, weights: Floats, bias: Floats, name: str, output: str, *, relu: bool) -> int:
        """Products with float32 weights ``[K, N]``, plus the bias, then ReLU where asked."""
        y = self._float(output, len(bias))
        inputs = [x, self._graph.constant(f"{name}/weights", weights.T), self._graph.constant(f"{name}/bias", bias)]
        self._graph.builtin(
            "FULLY_CONNECTED", inputs, [y], "FullyConnectedOptions", fusedActivationFunction=_activation(relu)
        )
        return y

    def filter(self, x: int, taps: Floats, bias: Floats, dilation: int, name: str, output: str, *, relu: bool) -> int:
        """Filters over time with float32 taps ``[L, C]``, newest first, over zeros before the clip: a depthwise
        convolution of an image as high as the clip has steps and one wide."""
        count, channels = taps.shape
        before = (count - 1) * dilation
        column = self._reshape(x, f"{name}/column", 1, self.steps, 1, channels)
        if before:
            padding = self._graph.constant(f"{name}/padding", np.array([[0, 0], [before, 0], [0, 0], [0, 0]], np.int32))
            padded = self._shaped(f"{name}/padded", [1, self.steps + before, 1, channels])
            self._graph.builtin("PAD", [column, padding], [padded], "PadOptions")
            column = padded
        weights = np.ascontiguousarray(taps[::-1]).reshape(1, count, 1, channels)
        y = self._shaped(f"{name}/filtered", [1, self.steps, 1, channels])
        self._graph.builtin(
            "DEPTHWISE_CONV_2D",
            [
                column,
                self._graph.constant(f"{name}/taps", weights),
                self._graph.constant(f"{name}/bias", bias),
            ],
            [y],
            "DepthwiseConv2DOptions",
            version=2,
            padding=schema().Padding.VALID,
            strideW=1,
            strideH=1,
            depthMultiplier=1,
            dilationWFactor=1,
            dilationHFactor=dilation,
            fusedActivationFunction=_activation(relu),
        )
        return self._reshape(y, output, self.steps, channels)

    def add(self, a: int, b: int, output: str, width: int, *, relu: bool) -> int:
        """Sum of two signals, then ReLU where asked."""
        y = self._float(output, width)
        self._graph.builtin("ADD", [a, b], [y], "AddOptions", fusedActivationFunction=_activation(relu))
        return y

    def last_step(self, x: int, output: str, width: int) -> int:
        """The last step of a signal, ``[1, width]``."""
        if self.steps == 1:
            return x
        place = self._graph.constant(f"{output}/place", np.array([self.steps - 1], np.int32))
        y = self._float(output, width, steps=1)
        self._graph.builtin("GATHER", [x, place], [y], "GatherOptions")
        return y

    def _bounds(self, x: int, name: str) -> tuple[int, int, int]:
        """Smallest and largest values, and largest magnitudes."""
        low, high = self._reduce("REDUCE_MIN", x, f"{name}/low"), self._reduce("REDUCE_MAX", x, f"{name}/high")
        negative = self._float(f"{name}/negative", 1)
        self._graph.builtin("NEG", [low], [negative], "NegOptions")
        return low, high, self._maximum(negative, high, f"{name}/magnitude")

    def _rounded(self, x: int, step: int, name: str, k: int) -> int:
        step = self._maximum(step, self._least_step, f"{name}/step")
        codes = self._float(f"{name}/codes", k)
        self._graph.builtin("ROUND", [self._binary("DIV", x, step, f"{name}/scaled", k)], [codes])
        return self._binary("MUL", codes, step, f"{name}/input", k)

    def _constant(self, value: float) -> int:
        return self._graph.constant(f"constant_{value}", np.array([[value]], f32))

    def _shaped(self, name: str, shape: list[int]) -> int:
        return self._graph.tensor(name, shape, schema().TensorType.FLOAT32)

    def _float(self, name: str, width: int, *, steps: int | None = None) -> int:
        return self._shaped(name, [self.steps if steps is None else steps, width])

    def _reshape(self, x: int, name: str, *shape: int) -> int:
        y = self._shaped(name, list(shape))
        wanted = self._graph.constant(f"{name}/shape", np.array(shape, np.int32))
        self._graph.builtin("RESHAPE", [x, wanted], [y], "ReshapeOptions", newShape=list(shape))
        return y

    def _binary(self, operator: str, a: int, b: int, name: str, width: int) -> int:
        y = self._float(name, width)
        self._graph.builtin(operator, [a, b], [y], operator.capitalize() + "Options")
        return y

    def _compare(self, operator: str, a: int, b: int, name: str, width: int) -> int:
        y = self._graph.tensor(name, [self.steps, width], schema().TensorType.BOOL)
        self._graph.builtin(operator, [a, b], [y], operator.title().replace("_", "") + "Options")
        return y

    def _select(self, condition: int, a: int, b: int, name: str, width: int) -> int:
        y = self._float(name, width)
        self._graph.builtin("SELECT_V2", [condition, a, b], [y], "SelectV2Options")
        return y

    def _maximum(self, a: int, b: int, name: str) -> int:
        y = self._float(name, 1)
        self._graph.builtin("MAXIMUM", [a, b], [y], "MaximumMinimumOptions")
        return y

    def _reduce(self, operator: str, x: int, name: str) -> int:
        y = self._float(name, 1)
        self._graph.builtin(operator, [x, self._last_axis], [y], "ReducerOptions", keepDims=True)
        return y


def _activation(relu: bool) -> int:
    types = schema().ActivationFunctionType
    return int(types.RELU if relu else types.NONE)
