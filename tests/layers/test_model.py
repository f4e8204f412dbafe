"""A model as a list of layers: what it refuses, and how its numpy reference runs clips and rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.config import Frontend
from pipeline.errors import QuantizationError
from pipeline.layers import KINDS, Dense, QuantizedModel, Rows, Stream, layer_outputs, logits
from pipeline.quantization import InputQuantization
from tests.conftest import make_model


def dense(name: str, inputs: int, outputs: int, seed: int = 0) -> Dense:
    rng = np.random.default_rng(seed)
    return Dense.quantized(name, rng.normal(size=(inputs, outputs)), rng.normal(size=outputs), 4)


def model(layers: tuple[Dense, ...], stride: int = 1, frames: int = 6) -> QuantizedModel:
    labels = tuple(f"label{i}" for i in range(layers[-1].outputs))
    frontend = Frontend(bands=20, context_frames=frames)
    return QuantizedModel("model", layers, labels, InputQuantization(0.05078125, -20), frontend, stride=stride)


def test_every_kind_is_registered_under_its_own_name() -> None:
    assert all(kind.kind == name for name, kind in KINDS.items())
    assert len({kind.operator for kind in KINDS.values()}) == len(KINDS)


@pytest.mark.parametrize(
    ("layers", "stride", "message"),
    [
        ((), 1, "no layers"),
        ((dense("a", 50, 3),), 1, "rows of 20"),
        ((dense("a", 140, 3),), 1, "rows of 20"),
        ((dense("a", 60, 3),), 4, "steps of 4 rows"),
        ((dense("a", 60, 3),), 0, "steps of 0 rows"),
        ((dense("a", 60, 7), dense("b", 8, 3)), 1, "b takes 8 inputs, a gives 7"),
    ],
)
def test_layers_that_do_not_go_together_are_refused(layers, stride, message) -> None:
    with pytest.raises(QuantizationError, match=message):
        replace(model((dense("a", 60, 3),)), layers=layers, stride=stride)


def test_labels_must_be_as_many_as_logits() -> None:
    with pytest.raises(QuantizationError, match="3 logits for 2 labels"):
        replace(model((dense("a", 60, 3),)), labels=("one", "two"))


def test_errors_name_the_layer() -> None:
    with pytest.raises(QuantizationError, match="layer stem: a weight is not finite"):
        Dense.quantized("stem", np.full((2, 2), np.nan), np.zeros(2), 4)


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_logits_are_the_last_layer_s_outputs_clip_by_clip(bits: int) -> None:
    spotter = make_model(bits)
    features = np.random.default_rng(0).integers(-128, 128, (7, spotter.inputs), np.int8)
    together = logits(spotter, features)
    assert together.shape == (7, len(spotter.labels))
    assert together.dtype == np.float32
    for clip, y in zip(features, together, strict=True):
        outputs = layer_outputs(spotter, clip)
        assert np.array_equal(outputs[-1], y)
        assert all(np.all(hidden >= 0) for hidden in outputs[:-1])
        assert np.array_equal(logits(spotter, clip), y)
    assert logits(spotter, features[:0]).shape == (0, len(spotter.labels))


def test_a_clip_is_its_rows_from_reset_and_only_complete_steps_answer() -> None:
    spotter = model((dense("stem", 60, 9), dense("logits", 9, 3)), stride=2)
    clip = np.random.default_rng(1).integers(-128, 128, (6, 20)).astype(np.int8)
    stream = Stream(spotter)
    answers = [stream.push(row[None]) for row in clip]
    assert [answer is not None for answer in answers] == [False, True] * 3
    assert answers[-1] is not None
    for whole, step in zip(layer_outputs(spotter, clip.reshape(-1)), answers[-1], strict=True):
        assert whole.tobytes() == step.tobytes()
    before = np.concatenate([np.zeros((1, 20), np.int8), clip[:2]])
    assert answers[1] is not None
    first = spotter.layers[0].step(None, Rows(before.reshape(-1), spotter.input))[1]
    assert answers[1][0].tobytes() == first.tobytes()


def test_features_of_another_shape_or_type_are_refused() -> None:
    spotter = make_model(4)
    with pytest.raises(QuantizationError):
        logits(spotter, np.zeros((2, spotter.inputs), np.int16))
    with pytest.raises(QuantizationError):
        logits(spotter, np.zeros((2, spotter.inputs - 1), np.int8))
