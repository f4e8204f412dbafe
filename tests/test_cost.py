"""Costs before training are those of what training gives, to the byte; tests/lab/test_bench.py counts instructions."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from pipeline.cores import CORES
from pipeline.cost import VARIANT, blank_network, cost_of, model_cost
from pipeline.export import read_tflite, write_c_arrays
from pipeline.layers import QuantizedModel
from pipeline.project import PROJECT
from pipeline.recipe import parse_recipe
from pipeline.training.convert import quantize
from pipeline.training.zoo import build_model
from pipeline.workflow.recipes import named_recipe

ODD = {
    "name": "odd",
    "corpus": {"keywords": ["a", "b", "c"]},
    "frontend": {"bands": 13},
    "model": {
        "kind": "temporal",
        "channels": 10,
        "stem_rows": 4,
        "blocks": [
            {"taps": 3, "dilation": 2},
            {"taps": 7, "channels": 6, "bits": 8},
            {"taps": 2, "channels": 6, "bits": 4},
        ],
        "edge_bits": 8,
        "pooling": 1,
    },
}


def shape_of(model: QuantizedModel) -> list[tuple[object, ...]]:
    return [
        (layer.kind, layer.inputs, layer.outputs, layer.bits, layer.state_bytes, layer.options(), model.sources(index))
        for index, layer in enumerate(model.layers)
    ]


@pytest.mark.parametrize("name", ["odd", *sorted(path.stem for path in (PROJECT / "models").glob("*.toml"))])
def test_a_network_of_zeros_is_the_one_that_training_gives(name: str):
    recipe = parse_recipe(ODD, name) if name == "odd" else named_recipe(name)
    for bits in (8, 2):
        trained = quantize(build_model(recipe, bits), recipe, bits, recipe.corpus.labels)
        assert shape_of(blank_network(recipe, bits)) == shape_of(trained)
        assert cost_of(recipe, bits) == model_cost(trained)


def test_the_shipped_models_costs_are_known_before_it_is_trained():
    shipped = read_tflite(PROJECT / "models" / "wake_words_4bit.tflite")
    cost = cost_of(named_recipe("wake_words"), 4)
    assert cost == model_cost(shipped)
    assert (cost.bytes, cost.state_bytes, cost.macs) == (shipped.quantized_bytes, shipped.state_bytes, shipped.macs)


def test_bytes_of_layers_with_bits_of_their_own_by_hand():
    model = blank_network(parse_recipe(ODD, "odd"), 2)
    dense = {
        layer.name: (layer.bits, layer.weight_bytes, layer.parameter_bytes) for layer in model.layers if layer.bits
    }
    # columns fill whole bytes: 10 columns of 52 bytes; 10 of 10 x 2 bits; 6 of 10 bytes; 6 of 6 x 4 bits; 5 of 6 bytes
    assert {name: found for name, found in dense.items() if "filter" not in name} == {
        "stem": (8, 10 * 52, 80),
        "dense_0": (2, 10 * 3, 80),
        "dense_1": (8, 6 * 10, 48),
        "dense_2": (4, 6 * 3, 48),
        "logits": (8, 5 * 6, 40),
    }


def test_float_weights_cost_memory_only():
    cost = cost_of(named_recipe("wake_words"), None)
    assert cost.bytes == blank_network(named_recipe("wake_words"), 8).float_bytes
    assert cost.instructions is None


@pytest.mark.parametrize(("name", "bits"), [("wake_words", 4), ("wake_words_perceptron", 2), ("odd", 2)])
def test_memory_is_what_the_compiler_gives(name: str, bits: int, tmp_path: Path):
    recipe = parse_recipe(ODD, name) if name == "odd" else named_recipe(name)
    model = blank_network(recipe, bits)
    arrays = write_c_arrays(model, VARIANT, tmp_path, source_hash="0" * 64)
    cost = model_cost(model)
    assert cost.flash_bytes == arrays.constant_bytes
    app, *libraries = (PROJECT / "firmware" / part for part in ("app", "lib/dynq", "lib/listener", "lib/frontend"))
    folders = [tmp_path, app, *libraries]
    tool, unit = CORES["cortex-m4"].toolchain, tmp_path / "model.o"
    compiler = [f"{tool}gcc", *CORES["cortex-m4"].flags, *(f"-I{folder}" for folder in folders)]
    subprocess.run([*compiler, "-c", tmp_path / "kws_model.c", "-o", unit], check=True)
    listed = subprocess.run([f"{tool}nm", "-S", unit], check=True, capture_output=True, text=True).stdout
    sizes = {line.split()[3]: int(line.split()[1], 16) for line in listed.splitlines() if len(line.split()) == 4}
    buffers = [name for name in sizes if re.fullmatch(r"window|activations|scratch|state_\d+", name)]
    assert len(buffers) > 2
    assert cost.ram_bytes == sum(sizes[name] for name in buffers)


def test_the_small_recipe_takes_less_than_10_kb_at_4_bits():
    cost = cost_of(named_recipe("wake_words_small"), 4)
    # stem, four blocks, output; taps have a byte each, the others half of one
    weights = 60 * 48 // 2 + 4 * (5 * 48 + 48 * 48 // 2) + 48 * 8 // 2
    parameters = 8 * (48 + 4 * 48 + 8) + 4 * 4 * 48  # of a column, and of a channel's taps
    assert cost.bytes == weights + parameters == 9_952
    assert cost.macs == 60 * 48 + 4 * (5 * 48 + 48 * 48) + 48 * 8 == 13_440
