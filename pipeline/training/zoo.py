"""Networks, built from a recipe."""

from __future__ import annotations

from collections.abc import Callable

import keras

from pipeline.frontend import INPUT_QUANTIZATION
from pipeline.recipe import Recipe
from pipeline.training.layers import DynqDense


def build_model(recipe: Recipe, weight_bits: int | None) -> keras.Model:
    """The recipe's network: int8 ``[B, inputs]`` to float32 logits ``[B, labels]``.

    Args:
        weight_bits: 2..8 for quantization-aware training, None for the float twin: same weights, same shapes.
    """
    return _NETWORKS[recipe.model.kind](recipe, weight_bits)


def _perceptron(recipe: Recipe, weight_bits: int | None) -> keras.Model:
    """Fully-connected layers over the context window."""
    features = (INPUT_QUANTIZATION.scale, INPUT_QUANTIZATION.zero_point)
    layers: list[keras.layers.Layer] = [keras.Input((recipe.frontend.inputs,), dtype="int8", name="features")]
    for i, units in enumerate(recipe.model.hidden):
        given = features if i == 0 else None
        layers.append(DynqDense(units, weight_bits, "relu", given, name=f"dense_{i}"))
        if recipe.model.dropout:
            seed = recipe.training.seed + i
            layers.append(keras.layers.Dropout(recipe.model.dropout, seed=seed, name=f"dropout_{i}"))
    given = None if recipe.model.hidden else features
    layers.append(DynqDense(len(recipe.corpus.labels), weight_bits, None, given, name="logits"))
    return keras.Sequential(layers, name=recipe.name)


_NETWORKS: dict[str, Callable[[Recipe, int | None], keras.Model]] = {"perceptron": _perceptron}
"""By the ``kind`` of a recipe's network."""
