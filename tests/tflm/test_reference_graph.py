"""Our numbers held to runtimes that others wrote: the reference graph in LiteRT and in TensorFlow Lite Micro."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.config import Frontend
from pipeline.corpus import load_corpus
from pipeline.export import encode_reference_tflite
from pipeline.frontend import INPUT_QUANTIZATION
from pipeline.frontend import features as frontend_features
from pipeline.layers import Dense, QuantizedModel, logits
from pipeline.quantization import InputQuantization
from pipeline.recipe import load_recipe
from tests.conftest import make_model, make_temporal_model
from tests.tflm.wheel import run_in_wheel

# The graph has the exact sums of columns, which the method rounds to parts of a step, and the steps of frames before
# they are rounded up. Where a value lies close to the boundary between two codes, its code may be another one, which
# moves a logit by up to one step of the frame, 1/253 of its range, times a weight, in each layer after the first:
# altogether by up to seven hundredths, of logits that range over ten.
TOLERANCE = 0.07
TOLERANCE_WITHOUT_CODES = 5e-3
TOLERANCE_ON_SPEECH = 0.2
"""A wide layer over whole clips, whose column sums round as contract 2 has it; logits range over ten."""
# Relative to the largest logit, where ten layers hand such differences on.
TOLERANCE_OF_A_DEEP_NETWORK = 0.03


def run_in_litert(model: bytes, features: NDArray[np.int8]) -> NDArray[np.float32]:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=model)
    interpreter.allocate_tensors()
    source, result = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    rows = []
    for row in features:
        interpreter.set_tensor(source, row[None])
        interpreter.invoke()
        rows.append(interpreter.get_tensor(result)[0].copy())
    return np.array(rows)


@pytest.fixture(params=["litert", "tflm"])
def run(request: pytest.FixtureRequest, tmp_path: Path):
    """A function that runs a model file on features in one of the runtimes."""
    if request.param == "litert":
        return run_in_litert
    return lambda model, features: run_in_wheel(None, model, features, tmp_path)


@pytest.mark.parametrize("bits", [8, 4, 2])
def test_same_class_and_nearly_the_same_logits(run, bits: int) -> None:
    model = make_model(bits, widths=(128, 128, 128), labels=8, frames=41)
    features = np.random.default_rng(bits).integers(-128, 128, (100, 820)).astype(np.int8)
    theirs, ours = run(encode_reference_tflite(model), features), logits(model, features)
    np.testing.assert_allclose(theirs, ours, rtol=0, atol=TOLERANCE)
    decided = np.diff(np.sort(ours)[:, -2:])[:, 0] > 2 * TOLERANCE
    assert decided.mean() > 0.8
    np.testing.assert_array_equal(theirs.argmax(1)[decided], ours.argmax(1)[decided])


@pytest.mark.parametrize(
    ("bits", "shape"), [(8, {}), (4, {}), (2, {}), (4, {"channels": 13, "dilation": 3, "taps": 4, "pooling": 30})]
)
def test_a_temporal_network_answers_whole_clips_alike(run, bits: int, shape: dict[str, int]) -> None:
    model = make_temporal_model(bits, **shape)
    random = np.random.default_rng(bits)
    features = np.clip(random.integers(-30, 31, (30, 48, 20)).cumsum(axis=1), -128, 127).astype(np.int8)
    features[0], features[1] = -128, 0
    features = features.reshape(30, -1)
    theirs, ours = run(encode_reference_tflite(model), features), logits(model, features)
    tolerance = TOLERANCE_OF_A_DEEP_NETWORK * np.abs(ours).max()
    np.testing.assert_allclose(theirs, ours, rtol=0, atol=tolerance)
    decided = np.diff(np.sort(ours)[:, -2:])[:, 0] > 2 * tolerance
    assert decided.sum() >= 8
    np.testing.assert_array_equal(theirs.argmax(1)[decided], ours.argmax(1)[decided])


def test_one_layer_has_no_codes_to_differ_in(run) -> None:
    model = make_model(4, widths=(), frames=41)
    features = np.random.default_rng(5).integers(-128, 128, (50, 820)).astype(np.int8)
    np.testing.assert_allclose(
        run(encode_reference_tflite(model), features), logits(model, features), rtol=0, atol=TOLERANCE_WITHOUT_CODES
    )


def test_a_constant_frame_divides_by_no_zero(run) -> None:
    rng = np.random.default_rng(0)
    layers = (
        Dense.quantized("flat", np.zeros((20, 6)), np.full(6, 0.25), 4, relu=True),
        Dense.quantized("out", rng.normal(size=(6, 3)), rng.normal(size=3), 4),
    )
    model = QuantizedModel("flat", layers, ("a", "b", "c"), InputQuantization(0.125, 3), Frontend(context_frames=1))
    features = rng.integers(-128, 128, (3, 20)).astype(np.int8)
    result = run(encode_reference_tflite(model), features)
    assert np.isfinite(result).all()
    np.testing.assert_allclose(result, logits(model, features), rtol=0, atol=1e-2)


def test_whole_test_split_of_recorded_speech(run, recorded_speech_model) -> None:
    model, features = recorded_speech_model
    theirs, ours = run(encode_reference_tflite(model), features), logits(model, features)
    best = np.sort(ours, axis=1)
    decided = best[:, -1] - best[:, -2] > 2 * TOLERANCE_ON_SPEECH  # elsewhere the roundings of float sums may choose
    assert decided.mean() > 0.9
    np.testing.assert_array_equal(theirs.argmax(1)[decided], ours.argmax(1)[decided])
    np.testing.assert_allclose(theirs, ours, rtol=0, atol=TOLERANCE_ON_SPEECH)


@pytest.fixture(scope="session")
def recorded_speech_model(speech_dir: Path, tmp_path_factory: pytest.TempPathFactory):
    """A 4-bit model that knows something about real speech, and the test split's features. Its hidden layer is random
    and its output layer a least-squares fit: trained in a second, without TensorFlow."""
    recipe = load_recipe(Path(__file__).parents[2] / "models/wake_words.toml")
    corpus = load_corpus(
        recipe.corpus.model_copy(update={"added_clips": 0}), speech_dir, tmp_path_factory.mktemp("corpus")
    )
    frontend, quantization = recipe.frontend, INPUT_QUANTIZATION
    training, testing = (
        np.stack([frontend_features(pcm, frontend) for pcm in split.pcm]) for split in (corpus.training, corpus.testing)
    )
    rng = np.random.default_rng(1)
    weights, bias = rng.normal(size=(frontend.inputs, 128)) / np.sqrt(frontend.inputs), rng.normal(size=128) * 0.1
    real = quantization.scale * (training.astype(np.float64) - quantization.zero_point)
    hidden = np.maximum(real @ weights + bias, 0)
    targets = 10 * np.eye(len(corpus.labels))[corpus.training.label]
    readout = np.linalg.solve(hidden.T @ hidden + np.eye(128), hidden.T @ targets)
    layers = (
        Dense.quantized("hidden", weights, bias, 4, relu=True),
        Dense.quantized("readout", readout, np.zeros(len(corpus.labels)), 4),
    )
    model = QuantizedModel("fitted", layers, corpus.labels, quantization, frontend)
    accuracy = (logits(model, testing).argmax(1) == corpus.testing.label).mean()
    assert accuracy > 0.6, "the fit should know the words"
    return model, testing
