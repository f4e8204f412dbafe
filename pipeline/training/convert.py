"""From a trained Keras model to the ``QuantizedModel`` whose numpy reference gives the same bits."""

from __future__ import annotations

from pathlib import Path

import keras

from pipeline.errors import QuantizationError
from pipeline.frontend import INPUT_QUANTIZATION
from pipeline.layers import Dense, QuantizedModel
from pipeline.recipe import Recipe
from pipeline.training.layers import DynqDense


def dynq_layers(model: keras.Model) -> list[DynqDense]:
    """The fully-connected layers of a model in the order in which they run.

    Raises:
        QuantizationError: the model holds other layers with weights, or no ``DynqDense`` at all.
    """
    # _flatten_layers also looks into nested and subclassed models
    layers = [layer for layer in model._flatten_layers(include_self=False, recursive=True) if not layer._layers]
    for layer in layers:
        if layer.weights and not isinstance(layer, DynqDense):
            raise QuantizationError(
                f"layer {layer.name} is a {type(layer).__name__}", "only DynqDense layers can be exported"
            )
    found = [layer for layer in layers if isinstance(layer, DynqDense)]
    if not found:
        raise QuantizationError(f"model {model.name} has no DynqDense layer")
    return found


def load_trained(path: Path) -> keras.Model:
    """Loads a ``.keras`` file.

    Raises:
        QuantizationError: the file is missing or damaged.
    """
    try:
        return keras.saving.load_model(path, compile=False)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise QuantizationError(f"{path} is not a Keras model of this project: {error}", "train it again") from error


def quantize(
    trained: keras.Model | Path,
    recipe: Recipe,
    bits: int,
    labels: tuple[str, ...],
    name: str | None = None,
) -> QuantizedModel:
    """Quantizes every layer column by column, exactly.

    On a model trained with the same ``bits`` this is lossless: the result has the bits of the Keras model in inference
    mode. On a float model it is post-training quantization.

    Args:
        trained: a Keras model of ``DynqDense`` layers, or its ``.keras`` file.
        bits: weight bits, 2..8.
        labels: one name per logit.
        name: of the result; the recipe's by default.

    Raises:
        QuantizationError: see ``quantize_columns``, ``dynq_layers`` and ``QuantizedModel``.
    """
    model = load_trained(trained) if isinstance(trained, Path) else trained
    settings = recipe.frontend
    layers = tuple(
        Dense.quantized(f"dense_{i}", layer.kernel.numpy(), layer.bias.numpy(), bits, relu=layer.activation == "relu")
        for i, layer in enumerate(dynq_layers(model))
    )
    return QuantizedModel(
        name or recipe.name,
        layers,
        labels,
        INPUT_QUANTIZATION,
        settings,
        recipe.detector,
    )
