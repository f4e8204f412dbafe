"""What a recipe's network will take of a device, before anything is trained: its layers with zeros for weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.config import Perceptron, Temporal
from pipeline.frontend import INPUT_QUANTIZATION
from pipeline.layers import Add, Dense, Filter, Layer, Mean, QuantizedModel
from pipeline.recipe import Recipe


def blank_network(recipe: Recipe, bits: int) -> QuantizedModel:
    """The network that training a recipe gives, all weights zero: every size and cost is the trained one's.

    Args:
        bits: of the weights, 8, 4 or 2.

    Raises:
        QuantizationError: a layer is larger than a device can hold.
    """
    network = recipe.model
    layers = _perceptron(recipe, network, bits) if network.kind == "perceptron" else _temporal(recipe, network, bits)
    labels, frontend = recipe.corpus.labels, recipe.frontend
    return QuantizedModel(
        recipe.name, tuple(layers), labels, INPUT_QUANTIZATION, frontend, recipe.detector, network.stride
    )


@dataclass(frozen=True)
class Cost:
    """What a network takes of a device.

    Attributes:
        bytes: of weights and parameters, in flash.
        state_bytes: that layers keep from step to step.
        macs: multiply-accumulates of one step.
    """

    bytes: int
    state_bytes: int
    macs: int


def cost_of(recipe: Recipe, bits: int | None) -> Cost:
    """What a recipe's network costs; with float32 weights when ``bits`` is None.

    Raises:
        QuantizationError: see ``blank_network``.
    """
    model = blank_network(recipe, bits or 8)
    return Cost(model.float_bytes if bits is None else model.quantized_bytes, model.state_bytes, model.macs)


def _dense(name: str, inputs: int, outputs: int, bits: int, *, relu: bool = False) -> Dense:
    return Dense.quantized(name, np.zeros((inputs, outputs)), np.zeros(outputs), bits, relu=relu)


def _perceptron(recipe: Recipe, network: Perceptron, bits: int) -> list[Layer]:
    widths = (recipe.frontend.inputs, *network.hidden, len(recipe.corpus.labels))
    last = len(widths) - 2
    return [_dense(f"dense_{i}", widths[i], widths[i + 1], bits, relu=i < last) for i in range(last + 1)]


def _temporal(recipe: Recipe, network: Temporal, bits: int) -> list[Layer]:
    edge_bits = max(bits, network.edge_bits)
    width = recipe.frontend.bands
    layers: list[Layer] = []
    if network.stem_rows:
        layers.append(_dense("stem", width * network.stem_rows, network.channels, edge_bits, relu=True))
        width = network.channels
    for i, block in enumerate(network.blocks):
        units = block.channels or network.channels
        residual = network.residual and width == units and bool(layers)
        taps = np.zeros((block.taps, width))
        layers.append(Filter.quantized(f"filter_{i}", taps, taps[0], dilation=block.dilation))
        layers.append(_dense(f"dense_{i}", width, units, bits, relu=not residual))
        if residual:
            layers.append(Add(f"add_{i}", units, 3, relu=True))
        width = units
    if network.pooling > 1:
        layers.append(Mean("mean", width, network.pooling))
    return [*layers, _dense("logits", width, len(recipe.corpus.labels), edge_bits)]
