"""Networks, built from a recipe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from pipeline.config import Perceptron, Temporal
from pipeline.frontend import INPUT_QUANTIZATION
from pipeline.recipe import Recipe
from pipeline.training.layers import TAP_BITS, ClipRows, DynqAdd, DynqDense, DynqFilter, DynqMean

_FEATURES = (INPUT_QUANTIZATION.scale, INPUT_QUANTIZATION.zero_point)


def build_model(recipe: Recipe, weight_bits: int | None) -> keras.Model:
    """The recipe's network: int8 ``[B, inputs]`` to float32 logits ``[B, labels]``.

    Args:
        weight_bits: 2..8 for quantization-aware training, of blocks without ``bits`` of their own; None for the float
            twin.
    """
    return _NETWORKS[recipe.model.kind](recipe, recipe.model, weight_bits)


def _perceptron(recipe: Recipe, network: Perceptron, weight_bits: int | None) -> keras.Model:
    """Fully-connected layers over the context window."""
    layers: list[keras.layers.Layer] = [keras.Input((recipe.frontend.inputs,), dtype="int8", name="features")]
    for i, units in enumerate(network.hidden):
        given = _FEATURES if i == 0 else None
        layers.append(DynqDense(units, weight_bits, "relu", given, name=f"dense_{i}"))
        layers.append(keras.layers.Dropout(network.dropout, seed=recipe.training.seed + i, name=f"dropout_{i}"))
    given = None if network.hidden else _FEATURES
    layers.append(DynqDense(len(recipe.corpus.labels), weight_bits, None, given, name="logits"))
    return keras.Sequential(layers, name=recipe.name)


def _temporal(recipe: Recipe, network: Temporal, weight_bits: int | None) -> keras.Model:
    """A stem over a few rows, blocks that filter over time and mix channels, and a mean over time.

    All dense layers but the last, and the filters, are normalised over the batch while they train in float.
    """
    edge_bits = None if weight_bits is None else max(weight_bits, network.edge_bits)
    tap_bits = None if weight_bits is None else TAP_BITS
    given: tuple[float, int] | None = _FEATURES
    features = keras.Input((recipe.frontend.inputs,), dtype="int8", name="features")
    x: Any = ClipRows(recipe.frontend.bands, max(network.stem_rows, 1), network.stride, name="rows")(features)
    if network.stem_rows:
        x = DynqDense(network.channels, edge_bits, "relu", given, normalise=True, name="stem")(x)
        given = None
    for i, block in enumerate(network.blocks):
        units = block.channels or network.channels
        bits = None if weight_bits is None else block.bits or weight_bits
        residual = network.residual and x.shape[-1] == units and given is None
        y = DynqFilter(block.taps, tap_bits, block.dilation, None, given, normalise=True, name=f"filter_{i}")(x)
        y = DynqDense(units, bits, None if residual else "relu", normalise=True, name=f"dense_{i}")(y)
        x = DynqAdd(3, tap_bits, "relu", name=f"add_{i}")([y, x]) if residual else y
        given = None
    x = DynqMean(network.pooling, tap_bits, name="mean")(x) if network.pooling > 1 else x[:, -1]
    x = keras.layers.Dropout(network.dropout, seed=recipe.training.seed, name="dropout")(x)
    logits = DynqDense(len(recipe.corpus.labels), edge_bits, None, name="logits")(x)
    return keras.Model(features, logits, name=recipe.name)


_NETWORKS: dict[str, Callable[[Recipe, Any, int | None], keras.Model]] = {
    "perceptron": _perceptron,
    "temporal": _temporal,
}
"""By the ``kind`` of a recipe's network."""
