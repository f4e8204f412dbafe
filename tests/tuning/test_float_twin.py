"""The float twin gives on a stream what its Keras model gives for clips, whatever the pieces, when the device does."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from pipeline.frontend import native
from pipeline.listening.streams import Stream
from pipeline.recipe import Recipe, parse_recipe
from pipeline.training.convert import quantize
from pipeline.training.fit import predict_logits
from pipeline.training.zoo import build_model
from pipeline.tuning import float_twin
from pipeline.tuning.float_twin import FloatTwin
from pipeline.tuning.replay import posteriors
from pipeline.tuning.spotters import QuantizedSpotter
from tests.device.test_audio import against_rivals, audio

NETWORKS = {
    "residual": {"kind": "temporal", "channels": 8, "blocks": [{"taps": 3}, {"taps": 2, "dilation": 2}], "pooling": 3},
    "no stem": {"kind": "temporal", "stem_rows": 0, "stride": 1, "blocks": [{"taps": 2, "channels": 6}], "pooling": 2},
    "no mean": {"kind": "temporal", "channels": 5, "blocks": [{"taps": 4}], "residual": False, "pooling": 1},
    "perceptron": {"kind": "perceptron", "hidden": [7]},
}
FRAMES = 24
PCM = audio(8)


def recipe(network: dict[str, object], frames: int = FRAMES) -> Recipe:
    return parse_recipe(
        {
            "name": "small",
            "corpus": {"source": "folder", "keywords": ["yes", "no"], "clip_seconds": 5.0},
            "frontend": {"context_frames": frames, "bands": 6},
            "model": network,
        },
        "small",
    )


def trained(own: Recipe) -> keras.Model:
    """Random weights in which every number is live, those of batch normalisation too."""
    keras.utils.set_random_seed(3)
    network, rng = build_model(own, None), np.random.default_rng(4)
    for weight in network.weights:
        if weight.name in ("bias", "gain", "mean", "variance"):
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
    return network


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("piece", [4096, 7])
def test_a_stream_goes_on_where_clips_end(
    network: dict[str, object], piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At every step where so much fits into a clip, the last logits of the clip that ends there."""
    own = recipe(network)
    model, stride = trained(own), own.model.stride
    rows = native(own.frontend).stream([PCM])[:160]
    monkeypatch.setattr(float_twin, "PIECE_STEPS", piece)
    found = FloatTwin(model, own).logits(rows)
    assert found.shape == (160 // stride, 4)
    ends = range(FRAMES, 161, stride)
    clips = np.stack([rows[end - FRAMES : end].reshape(-1) for end in ends])
    wanted = predict_logits(model, clips)
    assert np.ptp(wanted, axis=0).min() > 0.05
    np.testing.assert_allclose(found[FRAMES // stride - 1 :], wanted, rtol=1e-4, atol=1e-5)


def test_it_remembers_what_was_before_the_clip() -> None:
    """A network that looks further back than a clip hears in a stream what it would hear in a longer clip."""
    network = {"kind": "temporal", "channels": 8, "blocks": [{"taps": 5}] * 4, "pooling": 12}
    model, long = trained(recipe(network)), build_model(recipe(network, 160), None)
    long.set_weights(model.get_weights())
    rows = native(recipe(network).frontend).stream([PCM])[:160]
    found = FloatTwin(model, recipe(network)).logits(rows)
    np.testing.assert_allclose(found[-1:], predict_logits(long, rows.reshape(1, -1)), rtol=1e-4, atol=1e-5)
    clip = predict_logits(model, rows[-FRAMES:].reshape(1, -1))
    assert not np.allclose(found[-1:], clip, rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_it_answers_at_the_samples_of_the_device(network: dict[str, object]) -> None:
    """The same network in 8 bits, in the C of the device: the same steps, and nearly the same posteriors."""
    own = recipe(network)
    model, stream = trained(own), Stream("noise", PCM)
    heard = FloatTwin(model, own).hear(stream)
    device = QuantizedSpotter(quantize(model, own, 8, own.corpus.labels), 8).hear(stream)
    assert heard.keywords == device.keywords == ("yes", "no")
    assert heard.samples.tolist() == device.samples.tolist()
    assert np.ptp(heard.posteriors) > 0.1
    assert np.abs(heard.posteriors - device.posteriors).mean() < 0.02
    assert heard.posteriors.flags.c_contiguous
    short = FloatTwin(model, own).hear(replace(stream, pcm=PCM[:100]))
    assert short.posteriors.shape == (0, 2)


def test_posteriors_are_against_the_strongest_rival() -> None:
    logits = np.random.default_rng(2).normal(0, 4, (50, 5)).astype(np.float32)
    np.testing.assert_allclose(posteriors(logits), [against_rivals(row) for row in logits], rtol=1e-5)
