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
from pipeline.layers import Add, Dense, Filter, Layer, Mean, QuantizedModel, logits
from pipeline.quantization import InputQuantization
from pipeline.recipe import load_recipe
from tests.conftest import make_model, make_temporal_model


def assert_same_bits(run, model: QuantizedModel, features: NDArray[np.int8]) -> None:
    theirs, ours = run(encode_reference_tflite(model), features), logits(model, features)
    differing = int((theirs.view(np.uint32) != ours.view(np.uint32)).sum())
    assert differing == 0, f"{differing} of {ours.size} logits differ, by up to {np.abs(theirs - ours).max()}"


def random_clips(random: np.random.Generator, count: int, rows: int, bands: int) -> NDArray[np.int8]:
    """Features that wander, as those of speech do; the first clips are constant."""
    clips = np.clip(random.integers(-30, 31, (count, rows, bands)).cumsum(axis=1), -128, 127).astype(np.int8)
    clips[0], clips[1] = -128, 0
    return clips.reshape(count, -1)


@pytest.mark.parametrize("bits", [8, 4, 2])
def test_perceptrons(run, bits: int) -> None:
    model = make_model(bits, widths=(128, 128, 128), labels=8, frames=41)
    assert_same_bits(run, model, np.random.default_rng(bits).integers(-128, 128, (100, 820)).astype(np.int8))


@pytest.mark.parametrize(
    ("bits", "shape"), [(8, {}), (4, {}), (2, {}), (4, {"channels": 13, "dilation": 3, "taps": 4, "pooling": 30})]
)
def test_temporal_networks_answer_whole_clips(run, bits: int, shape: dict[str, int]) -> None:
    assert_same_bits(run, make_temporal_model(bits, **shape), random_clips(np.random.default_rng(bits), 30, 48, 20))


@pytest.mark.parametrize("first", ["filter", "mean"])
def test_layers_over_time_take_features(run, first: str) -> None:
    random = np.random.default_rng(3)
    layers: tuple[Layer, ...] = (
        Filter.quantized("over", random.normal(size=(3, 10)), random.normal(size=10), dilation=2, relu=True)
        if first == "filter"
        else Mean("over", 10, 5),
        Dense.quantized("out", random.normal(size=(10, 4)), random.normal(size=4), 4),
    )
    names = ("_silence_", "_unknown_", "a", "b")
    frontend = Frontend(bands=10, context_frames=12)
    model = QuantizedModel("direct", layers, names, InputQuantization(0.046875, -20), frontend, stride=3)
    with_stride_one = QuantizedModel("direct", layers, names, InputQuantization(0.046875, -20), frontend)
    clips = random_clips(random, 20, 12, 10)
    assert_same_bits(run, model, clips)
    assert_same_bits(run, with_stride_one, clips)


def test_frames_of_every_size_meet_in_a_window(run) -> None:
    random = np.random.default_rng(1)
    # a row of features in one band is 2^14 times as much as in another: some frames are too small to count
    gains = np.array([127, 16, 1, 0])[:, None] / 128 * np.array([1, 0.75, -0.5, 0.3])
    layers: tuple[Layer, ...] = (
        Dense.quantized("sizes", gains, np.zeros(4), 8, relu=True),
        Filter.quantized("over", random.normal(size=(3, 4)), np.zeros(4)),
        Add("sum", 4, 2),
        Mean("mean", 4, 60),
    )
    frontend = Frontend(bands=4, context_frames=60)
    model = QuantizedModel("sizes", layers, ("_silence_", "_unknown_", "a", "b"), InputQuantization(1.0, 0), frontend)
    clips = random.integers(-128, 128, (100, 60, 4))
    alone = random.integers(0, 4, (100, 60))
    clips[:40] *= (np.arange(4) == alone[:40, :, None]) & (random.random((40, 60, 1)) < 0.9)
    assert_same_bits(run, model, clips.astype(np.int8).reshape(100, -1))


def test_a_constant_frame_divides_by_no_zero(run) -> None:
    rng = np.random.default_rng(0)
    layers = (
        Dense.quantized("flat", np.zeros((20, 6)), np.full(6, 0.25), 4, relu=True),
        Dense.quantized("out", rng.normal(size=(6, 3)), rng.normal(size=3), 4),
    )
    model = QuantizedModel("flat", layers, ("a", "b", "c"), InputQuantization(0.125, 3), Frontend(context_frames=1))
    assert_same_bits(run, model, rng.integers(-128, 128, (3, 20)).astype(np.int8))


def test_whole_test_split_of_recorded_speech(run, recorded_speech_model) -> None:
    assert_same_bits(run, *recorded_speech_model)


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
