"""A network over a whole clip in TensorFlow Lite's own operators, whatever numbers its layers compute with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pipeline.export.graph import Graph
from pipeline.export.graph_values import Sheet, Value
from pipeline.export.schema import schema
from pipeline.layers import MODEL_INPUT, Dense, Filter, Mean, QuantizedModel


class ClipGraph(ABC):
    """Int8 clips ``[1, inputs]`` in, float32 logits ``[1, labels]`` out, from reset on.

    Every layer sees the vectors of all steps at once, or of the last one where no layer keeps anything: a signal is
    ``[steps, width]``.

    Attributes:
        model: whose layers, in their order, are in the graph.
        steps: of a clip, as far as they count.
        features: what the first layer sees at each step, as codes; before the clip they are 0.
    """

    def __init__(self, model: QuantizedModel, description: str) -> None:
        self.model = model
        self.graph = Graph(f"{model.name}: {description}")
        self.sheet = Sheet(self.graph, "features")
        shape, rows, bands = (1, model.inputs), model.frontend.context_frames, model.frontend.bands
        clip = self.graph.tensor(
            "features", shape, schema().TensorType.INT8, scale=model.input.scale, zero_point=model.input.zero_point
        )
        self._clip = Value(self.sheet, clip, shape)
        self.steps = rows // model.stride if model.state_bytes else 1
        ends = rows - model.stride * np.arange(self.steps)[::-1, None]
        codes = self.sheet.apply("CAST", self._clip, options="CastOptions").reshape(rows, bands)
        windows = codes.rows((ends - model.rows + np.arange(model.rows)).reshape(-1))
        self.features = windows.reshape(self.steps, model.window)

    def encode(self) -> bytes:
        """Adds all layers, and returns the bytes of the ``.tflite``."""
        signals = {MODEL_INPUT: self.features}
        for index, layer in enumerate(self.model.layers):
            self.sheet.scope = layer.name
            signals[index] = layer.built_in(self, *(signals[source] for source in self.model.sources(index)))
        logits = signals[len(self.model.layers) - 1].rows(np.array([self.steps - 1]))
        self.graph.rename(logits.index, "logits")
        return self.graph.finish([self._clip.index], [logits.index])

    @abstractmethod
    def dense(self, x: Value, layer: Dense) -> Value:
        """``x W + b``."""

    @abstractmethod
    def filter(self, x: Value, layer: Filter) -> Value:
        """The taps over the steps of each channel, with its bias."""

    @abstractmethod
    def mean(self, x: Value, layer: Mean) -> Value:
        """The mean of each channel's last steps."""

    def product(self, x: Value, weights: ArrayLike, *bias: Value) -> Value:
        """``x [steps, K]`` times ``[K, N]``."""
        columns = np.asarray(weights).T
        shape = self.steps, len(columns)
        inputs = x, self.sheet.constant(columns), *bias
        return self.sheet.apply("FULLY_CONNECTED", *inputs, shape=shape, options="FullyConnectedOptions")

    def convolution(self, frames: Value, taps: ArrayLike, bias: ArrayLike, **options: Any) -> Value:
        """Filters over the second axis of ``[n, T, 1, C]``, which has room for all taps ``[L, C]``, newest first."""
        weights = np.asarray(taps)[::-1]
        count, channels = weights.shape
        reach = (count - 1) * options.get("dilationHFactor", 1)
        return self.sheet.apply(
            "DEPTHWISE_CONV_2D",
            frames,
            self.sheet.constant(weights.reshape(1, count, 1, channels)),
            self.sheet.constant(bias),
            shape=(frames.shape[0], frames.shape[1] - reach, 1, channels),
            options="DepthwiseConv2DOptions",
            padding=schema().Padding.VALID,
            strideW=1,
            strideH=1,
            depthMultiplier=1,
            **options,
        )
