"""One layer quantized alone, against networks and figures made by hand."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import keras
import numpy as np
import pytest
from click.testing import CliRunner

from lab.sensitivity import Rise, Sensitivity, main, measure, rise, rounded, snippet, suggest, table
from lab.whistles import RECIPE
from pipeline.cost import cost_of
from pipeline.errors import QuantizationError, UsageError
from pipeline.recipe import Recipe, parse_recipe
from pipeline.training.convert import dynq_layers
from pipeline.training.evaluate import Estimate
from pipeline.training.fit import predict_logits
from pipeline.training.zoo import build_model
from pipeline.workflow.data import HeldOutClips

TEMPORAL = {"kind": "temporal", "channels": 16, "blocks": [{"taps": 2}, {"taps": 3, "dilation": 2}], "pooling": 2}
HARMFUL = "dense_1"


def recipe(network: dict[str, object]) -> Recipe:
    corpus = {"source": "folder", "keywords": ["yes", "no"], "clip_seconds": 2.0}
    frontend = {"context_frames": 12, "bands": 6}
    return parse_recipe({"name": "small", "corpus": corpus, "frontend": frontend, "model": network}, "small")


def clips(features: np.ndarray, labels: np.ndarray, speakers: tuple[str, ...]) -> HeldOutClips:
    return HeldOutClips(features, labels, speakers, "made by hand", None, np.zeros((len(labels), 1), np.int16))


@pytest.fixture(scope="module")
def twin() -> keras.Model:
    """A float network whose weights are -1 and 1, which any width holds, but for one layer: in each column of that a
    weight far above the others leaves few steps, or none, to tell those apart."""
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(1)
    network = build_model(recipe(TEMPORAL), None)
    for layer in dynq_layers(network):
        if layer.weights and "filter" not in layer.name:
            kernel = rng.choice([-1.0, 1.0], layer.kernel.shape) / np.sqrt(layer.kernel.shape[0])
            if layer.name == HARMFUL:
                kernel[0] *= 16
            layer.kernel.assign(kernel)
    return network


@pytest.fixture(scope="module")
def heard(twin: keras.Model) -> HeldOutClips:
    """Noise, and for each clip what the float network takes it for."""
    features = np.random.default_rng(2).integers(-128, 128, (80, 72)).astype(np.int8)
    last = dynq_layers(twin)[-1]
    last.bias.assign(-np.median(predict_logits(twin, features), axis=0))  # each of the labels has clips
    labels = predict_logits(twin, features).argmax(axis=1)
    return clips(features, labels, tuple(f"speaker{i % 8}" for i in range(80)))


def test_the_layer_that_few_steps_harm_comes_first(twin: keras.Model, heard: HeldOutClips) -> None:
    found = measure([(twin, heard)], (8, 4, 2))
    assert list(found) == ["stem", "dense_0", "dense_1", "logits"]
    assert abs(found[HARMFUL][8].loss.value) < 0.05
    assert found[HARMFUL][2].loss.value > 0.1
    assert found[HARMFUL][2].missed.value > 0
    assert all(abs(found[name][2].loss.value) < 0.03 for name in found if name != HARMFUL)
    assert table(found).splitlines()[2].startswith(f"| `{HARMFUL}` | 2 | {16 * 17 * 4 - 16 * (4 + 8)} | ")
    assert suggest(recipe(TEMPORAL), found, cost_of(recipe(TEMPORAL), 4).flash_bytes)[2] > 2


def test_only_one_layer_is_quantized_and_the_others_keep_their_weights(twin: keras.Model) -> None:
    one = rounded(twin, HARMFUL, 2)
    assert {layer.name: layer.weight_bits for layer in dynq_layers(one) if layer.weight_bits} == {HARMFUL: 2}
    for old, new in zip(dynq_layers(twin), dynq_layers(one), strict=True):
        if old.name != HARMFUL:
            assert all(np.array_equal(a, b) for a, b in zip(old.get_weights(), new.get_weights(), strict=True))
    with pytest.raises(QuantizationError, match="9 weight bits"):
        rounded(twin, HARMFUL, 9)


def test_a_perceptron_is_measured_too() -> None:
    plain = recipe({"kind": "perceptron", "hidden": [4]})
    network = build_model(plain, None)
    features = np.random.default_rng(3).integers(-128, 128, (8, 72)).astype(np.int8)
    found = measure([(network, clips(features, np.arange(8) % 4, ("a", "b") * 4))], (4,))
    assert {name: list(rises) for name, rises in found.items()} == {"dense_0": [4], "logits": [4]}
    with pytest.raises(UsageError, match="share one width"):
        suggest(plain, found, 100)


def test_rises_by_hand() -> None:
    """Of two seeds: a network that gives even odds, and one that gives one clip's wrong or right word 3 to 1."""
    labels, speakers = np.array([1, 2, 2]), ("a", "a", "b")
    even, third = np.zeros((3, 3), np.float32), np.float32(np.log(3))
    worse, better = even.copy(), even.copy()
    worse[1, 1] = third  # posteriors of 1/5, 3/5, 1/5 where 2 is said
    better[2, 2] = third  # and of 1/5, 1/5, 3/5
    found = rise([(clips(even, labels, speakers), even, worse), (clips(even, labels, speakers), even, better)], 7)
    divergence = np.log(5**3 / 9**2) / 3  # the mean of ln 5/3, ln 5/3, ln 5/9
    assert found.loss.value == pytest.approx(2 * divergence / 6)
    # 1 of the 4 clips of a, 1 of the 2 of b
    assert (found.loss.low, found.loss.high) == pytest.approx((divergence / 4, divergence / 2))
    # with even odds no threshold tells words apart, and all are missed; one that `better` is sure of is found
    assert found.missed.value == pytest.approx(-1 / 4)


def flat(losses: dict[str, dict[int, float]]) -> Sensitivity:
    def estimate(value: float) -> Estimate:
        return Estimate(value, value - 0.01, value + 0.02)

    return {
        name: {bits: Rise(estimate(v), estimate(v / 10), 1000 * bits) for bits, v in of.items()}
        for name, of in losses.items()
    }


MEASURED = flat(
    {
        "stem": {8: 0.0, 4: 0.1, 2: 5.0},
        "dense_0": {8: 0.0, 4: 0.001, 2: 0.001},
        "dense_1": {8: 0.0, 4: 0.02, 2: 0.5},
        "logits": {8: 0.0, 4: 0.1, 2: 5.0},
    }
)


def test_the_table_by_hand() -> None:
    lines = table(MEASURED).splitlines()
    assert [line.split(" | ")[0] for line in lines[2:6]] == ["| `stem`", "| `logits`", "| `dense_1`", "| `stem`"]
    assert lines[4] == "| `dense_1` | 2 | 2,000 | +0.500 [+0.490, +0.520] | +5.0 [+4.0, +7.0] |"


def test_the_cheapest_step_a_byte_comes_first_until_it_fits() -> None:
    small = recipe(TEMPORAL)
    budget = 10_000
    for edges, *blocks in ((8, 8, 8), (8, 2, 8), (8, 2, 4), (4, 2, 4), (4, 2, 2), (2, 2, 2)):
        written = "\n".join(snippet(small, (edges, *blocks)))
        model = tomllib.loads(written)["model"]
        mixed = recipe(model)
        assert [block.bits for block in mixed.model.blocks] == blocks
        assert mixed.model.edge_bits == edges
        size = cost_of(mixed, edges).flash_bytes
        assert f"# {size:,} bytes; to be trained with --weight-bits {edges}" in written
        assert suggest(small, MEASURED, budget) == suggest(small, MEASURED, size) == (edges, *blocks)
        budget = size - 1
    with pytest.raises(UsageError, match=f"{size:,} bytes at the least"):
        suggest(small, MEASURED, budget)


def test_widths_without_kernels_are_not_suggested() -> None:
    losses = {name: {8: 0.0, 3: 0.1} for name in MEASURED}
    with pytest.raises(QuantizationError, match="no kernel for 3-bit weights"):
        suggest(recipe(TEMPORAL), flat(losses), 1)


def test_the_command_measures_what_a_build_trains(whistles: Path, tmp_path: Path) -> None:
    network = (
        "[model]\nkind = 'temporal'\nchannels = 8\nblocks = [{ taps = 2 }]\n[training]\nepochs = 1\nqat_epochs = 1\n"
    )
    (tmp_path / "small.toml").write_text(re.sub(r"\[model\].*(?=\[tuning\])", network, RECIPE, flags=re.DOTALL))
    places = {"data": whistles, "recipe": tmp_path / "small.toml", "cache": tmp_path / "cache", "out": tmp_path / "out"}
    arguments = [str(part) for name, place in places.items() for part in (f"--{name}", place)]
    result = CliRunner().invoke(main, [*arguments, "--seeds", "1", "--widths", "8,2", "--flash-bytes", "10000"])
    assert result.exit_code == 0, result.output
    assert len(re.findall(r"^\| `(stem|dense_0|logits)` \| [82] \|", result.output, re.MULTILINE)) == 6
    written = tomllib.loads(result.output.partition("to be trained with --weight-bits 8\n")[2])["model"]
    assert (written["edge_bits"], written["blocks"]) == (8, [{"taps": 2, "bits": 8}])
    assert [folder.name for folder in tmp_path.glob("out*")] == ["out-s1"]
