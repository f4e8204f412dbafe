"""Networks, built from a recipe."""

from __future__ import annotations

import keras

from pipeline.frontend import INPUT_QUANTIZATION
from pipeline.recipe import Recipe
from pipeline.training.layers import DynqDense


def build_model(recipe: Recipe, weight_bits: int | None) -> keras.Model:
    """A multi-layer perceptron over the context window: int8 ``[B, inputs]`` to float32 logits ``[B, labels]``.

    Args:
        weight_bits: 2..8 for quantization-aware training, None for the float twin: same weights, same shapes.
    """
    settings = recipe.frontend
    features = INPUT_QUANTIZATION
    layers: list[keras.layers.Layer] = [keras.Input((settings.inputs,), dtype="int8", name="features")]
    for i, units in enumerate(recipe.model.hidden):
        layers.append(
            DynqDense(
                units,
                weight_bits,
                "relu",
                (features.scale, features.zero_point) if i == 0 else None,
                name=f"dense_{i}",
            )
        )
        if recipe.model.dropout:
            layers.append(
                keras.layers.Dropout(recipe.model.dropout, seed=recipe.training.seed + i, name=f"dropout_{i}")
            )
    layers.append(
        DynqDense(
            len(recipe.corpus.labels),
            weight_bits,
            None,
            None if recipe.model.hidden else (features.scale, features.zero_point),
            name="logits",
        )
    )
    return keras.Sequential(layers, name=recipe.name)
