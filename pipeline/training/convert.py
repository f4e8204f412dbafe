"""From a trained Keras model to the ``QuantizedModel`` whose numpy reference gives the same bits."""

from __future__ import annotations

from pathlib import Path

import keras

from pipeline.errors import QuantizationError
from pipeline.frontend import INPUT_QUANTIZATION
from pipeline.layers import QuantizedModel
from pipeline.recipe import Recipe
from pipeline.training.layers import DynqLayer
from pipeline.training.zoo import build_model


def dynq_layers(model: keras.Model) -> list[DynqLayer]:
    """The method's layers in a model, in the order in which they run.

    Raises:
        QuantizationError: the model holds other layers with weights, or none of the method's.
    """
    # _flatten_layers also looks into nested and subclassed models
    layers = [layer for layer in model._flatten_layers(include_self=False, recursive=True) if not layer._layers]
    for layer in layers:
        if layer.weights and not isinstance(layer, DynqLayer):
            raise QuantizationError(
                f"layer {layer.name} is a {type(layer).__name__}",
                "only layers of pipeline.training.layers can be exported",
            )
    found = [layer for layer in layers if isinstance(layer, DynqLayer)]
    if not found:
        raise QuantizationError(f"model {model.name} has no layer of the method")
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

    On a model trained with quantizers this is lossless: the result has the bits of the Keras model in inference mode.
    On a float model it is post-training quantization.

    Args:
        trained: a Keras model of the method's layers, or its ``.keras`` file.
        bits: weight bits that a float model gets, 2..8.
        labels: one name per logit.
        name: of the result; the recipe's by default.

    Raises:
        QuantizationError: see ``DynqLayer.quantized``, ``dynq_layers`` and ``QuantizedModel``.
    """
    model = load_trained(trained) if isinstance(trained, Path) else trained
    if any(layer.weight_bits is None for layer in dynq_layers(model)):
        floats, model = model, build_model(recipe, bits)
        start_from(model, floats, clip=False)
    layers = tuple(layer.quantized(f"{layer.kind}_{i}") for i, layer in enumerate(dynq_layers(model)))
    return QuantizedModel(
        name or recipe.name,
        layers,
        labels,
        INPUT_QUANTIZATION,
        recipe.frontend,
        recipe.detector,
        recipe.model.stride,
    )


def start_from(model: keras.Model, trained: keras.Model, *, clip: bool = True) -> None:
    """Copies the weights of ``trained`` into ``model``, their outliers clipped to what its quantizers can hold.

    Batch normalisation is folded into weights that are quantized.

    Raises:
        QuantizationError: the two differ in shape.
    """
    source, target = dynq_layers(trained), dynq_layers(model)
    if [type(layer) for layer in source] == [type(layer) for layer in target]:
        weights = [
            old.get_weights() if new.weight_bits is None else old.starting_weights(new.weight_bits if clip else None)
            for old, new in zip(source, target, strict=True)
        ]
        shapes = [[weight.shape for weight in layer] for layer in weights]
        if shapes == [[weight.shape for weight in layer.weights] for layer in target]:
            for new, values in zip(target, weights, strict=True):
                new.set_weights(values)
            return
    raise QuantizationError("the initial weights belong to a network of another shape", "train the float model again")
