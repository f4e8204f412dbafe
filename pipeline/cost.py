"""What a recipe's network will take of a device, before anything is trained: its layers with zeros for weights."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from pipeline.config import Perceptron, Temporal
from pipeline.export.buffers import allocate, last_readers
from pipeline.frontend import INPUT_QUANTIZATION
from pipeline.layers import Add, Dense, Filter, Layer, Mean, QuantizedModel
from pipeline.layers.model import MODEL_INPUT
from pipeline.recipe import Recipe

VARIANT = "cortex_m4_dsp"
"""The kernels that costs are of."""
INSTRUCTIONS = Path(__file__).with_name("cost_m4.json")
"""Instructions of every part of their loops, written by ``python -m lab.bench.loops``."""
_STEP_INSTRUCTIONS, _LAYER_INSTRUCTIONS = 250, 25
"""Of the engine around the kernels: new features into the window; the call of a layer."""
_ALIGNMENT = 16


def blank_network(recipe: Recipe, bits: int) -> QuantizedModel:
    """The network that training a recipe gives, all weights zero: every size and cost is the trained one's.

    Args:
        bits: of the weights where a block has none of its own, 8, 4 or 2.

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
    """What a network takes of a Cortex-M4, front end, detector and the rest of the firmware not counted.

    Attributes:
        bytes: of weights and parameters, as the report has them; exact.
        flash_bytes: of these as packed for the kernels, with the padding of their tiles; exact.
        ram_bytes: of the window of features, activations, states and scratch; exact.
        state_bytes: share of ``ram_bytes`` that layers keep from step to step.
        macs: multiply-accumulates of one step.
        instructions: of one step, estimated; None with float weights, which no kernel takes.
    """

    bytes: int
    flash_bytes: int
    ram_bytes: int
    state_bytes: int
    macs: int
    instructions: int | None


def cost_of(recipe: Recipe, bits: int | None) -> Cost:
    """What a recipe's network costs; with float32 weights, of which only bytes and operations are known, when ``bits``
    is None.

    Raises:
        QuantizationError: see ``blank_network``.
    """
    model = blank_network(recipe, bits or 8)
    cost = model_cost(model)
    if bits is not None:
        return cost
    return replace(cost, bytes=model.float_bytes, flash_bytes=model.float_bytes, instructions=None)


def model_cost(model: QuantizedModel) -> Cost:
    """What a quantized network costs, trained or not."""
    flash = sum(constant.values.nbytes for layer in model.layers for constant in layer.constants(VARIANT).values())
    instructions = kernel_instructions(model) + _STEP_INSTRUCTIONS + _LAYER_INSTRUCTIONS * len(model.layers)
    return Cost(model.quantized_bytes, flash, _ram_bytes(model), model.state_bytes, model.macs, round(instructions))


def _ram_bytes(model: QuantizedModel) -> int:
    """``buffer_bytes`` of the network in C: each buffer begins at a multiple of 16 bytes, but is counted as it is."""
    _, floats = allocate([layer.outputs for layer in model.layers], last_readers(model))
    scratch = max(_ALIGNMENT, *(layer.m4_scratch_bytes for layer in model.layers))
    return model.window + 4 * floats + model.state_bytes + -(-scratch // _ALIGNMENT) * _ALIGNMENT


def kernel_instructions(model: QuantizedModel) -> float:
    """Of one step in the kernels alone, estimated."""
    table = _instruction_table()
    loops = (layer.m4_loops(MODEL_INPUT in model.sources(index)) for index, layer in enumerate(model.layers))
    return sum(table[name] * times for one in loops for name, times in one.items())


@cache
def _instruction_table() -> dict[str, float]:
    table: dict[str, float] = json.loads(INSTRUCTIONS.read_text("utf-8"))
    return table


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
        layers.append(_dense(f"dense_{i}", width, units, block.bits or bits, relu=not residual))
        if residual:
            layers.append(Add(f"add_{i}", units, 3, relu=True))
        width = units
    if network.pooling > 1:
        layers.append(Mean("mean", width, network.pooling))
    return [*layers, _dense("logits", width, len(recipe.corpus.labels), edge_bits)]
