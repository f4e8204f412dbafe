"""The float network that quantization starts from as a ``.tflite`` of built-in operators, to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.export import metadata
from pipeline.export.clip_graph import ClipGraph
from pipeline.export.graph_values import Value
from pipeline.files import write_bytes
from pipeline.layers import Dense, Filter, Mean, QuantizedModel
from pipeline.quantization import mean_share

FloatWeights = Mapping[str, tuple[NDArray[np.float32], NDArray[np.float32]]]
"""Weights and biases by the name of the layer: of a dense one ``[K, N]`` and ``[N]``, of a filter taps ``[L, C]``, of
which the first meets the newest step, and ``[C]``. Batch normalisation is folded in."""


def write_float_tflite(model: QuantizedModel, weights: FloatWeights, path: Path) -> Path:
    """Writes a float network: int8 clips ``[1, inputs]`` in, float32 logits ``[1, labels]`` out.

    Nothing is quantized between. Like the reference graph it runs a whole clip at once; like a model file it has
    metadata.

    Args:
        model: the network quantized, to whatever width: its layers, labels and front end.
        weights: of every layer that has some.
    """
    write_bytes(path, encode_float_tflite(model, weights))
    return path


def encode_float_tflite(model: QuantizedModel, weights: FloatWeights) -> bytes:
    """The bytes that :func:`write_float_tflite` writes."""
    return _FloatGraph(model, weights).encode()


class _FloatGraph(ClipGraph):
    """Layers in floating point; the features are real numbers."""

    def __init__(self, model: QuantizedModel, weights: FloatWeights) -> None:
        super().__init__(model, "keyword spotter before quantization")
        self.graph.metadata(metadata.METADATA_NAME, metadata.encode(model))
        self.features = (self.features - model.input.zero_point) * model.input.scale
        self._weights = weights

    def dense(self, x: Value, layer: Dense) -> Value:
        kernel, bias = self._weights[layer.name]
        return self.product(x, kernel, self.sheet.constant(bias))

    def filter(self, x: Value, layer: Filter) -> Value:
        return self._over_time(x, *self._weights[layer.name], layer.dilation)

    def mean(self, x: Value, layer: Mean) -> Value:
        shares = np.full((layer.frames, layer.width), mean_share(layer.frames), np.float32)
        return self._over_time(x, shares, np.zeros(layer.width), 1)

    def _over_time(self, x: Value, taps: NDArray[np.float32], bias: ArrayLike, dilation: int) -> Value:
        """All steps are one image of one column; above it are zeros."""
        places = np.arange((1 - len(taps)) * dilation, self.steps)
        image = x.rows(places).reshape(1, len(places), 1, x.shape[1])
        dilated = {"dilationHFactor": dilation, "version": 2} if dilation > 1 else {}
        return self.convolution(image, taps, bias, **dilated).reshape(*x.shape)
