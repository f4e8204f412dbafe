"""A tiny task that trains in a second: each class is a tone of its own in noise."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.corpus import Corpus, Split
from pipeline.recipe import Recipe, parse_recipe
from pipeline.training.dataset import Dataset, prepare

SAMPLES = 8000


TEMPORAL = {
    "kind": "temporal",
    "stem_rows": 3,
    "stride": 2,
    "channels": 16,
    "blocks": [{"taps": 3}, {"taps": 2, "dilation": 2, "channels": 12}],
    "pooling": 3,
    "dropout": 0.1,
}


@pytest.fixture(scope="session")
def temporal_recipe(recipe) -> Recipe:
    """The same task for a network that is run step by step."""
    return parse_recipe({**recipe.model_dump(), "model": TEMPORAL}, "tests")


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    return parse_recipe(
        {
            "name": "tones",
            "corpus": {"keywords": ["low", "high"], "clip_seconds": 0.5},
            "frontend": {"context_frames": 8, "context_stride": 5},
            "augmentation": {"shift_ms": 20, "snr_db": [10, 30]},
            "model": {"kind": "perceptron", "hidden": [24, 16], "dropout": 0.1},
            "training": {
                "batch_size": 16,
                "epochs": 12,
                "qat_epochs": 6,
                "low_bit_qat_epochs": 6,
                "learning_rate": 5e-3,
                "patience": 12,
            },
        },
        "tests",
    )


def _split(n: int, seed: int) -> Split:
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 4
    t = np.arange(SAMPLES) / 16_000
    pitch = np.array([0, 600, 1500, 3000])[labels] * rng.uniform(0.9, 1.1, n)
    tones = np.sin(2 * np.pi * pitch[:, None] * t) * rng.uniform(500, 5000, (n, 1)) * (labels[:, None] > 0)
    pcm = (tones + rng.normal(size=(n, SAMPLES)) * 50).astype(np.int16)
    speakers = tuple(f"speaker{seed}_{i % 9}" for i in range(n))
    return Split(pcm, labels.astype(np.int64), speakers, tuple(f"{i}.wav" for i in range(n)))


@pytest.fixture(scope="session")
def corpus(recipe) -> Corpus:
    noise = (np.random.default_rng(3).normal(size=24_000) * 200).astype(np.int16)
    return Corpus(recipe.corpus.labels, _split(160, 0), _split(60, 1), _split(60, 2), (noise,), "tones-1")


@pytest.fixture(scope="session")
def dataset(corpus, recipe, tmp_path_factory) -> Dataset:
    return prepare(corpus, recipe.frontend, tmp_path_factory.mktemp("features"))
