"""The models that come with the project: small, and they hear the words that they are for."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.corpus import UNKNOWN_LABEL, Split
from pipeline.corpus.synthetic import load_synthetic
from pipeline.export import read_tflite
from pipeline.frontend import features
from pipeline.layers import logits
from pipeline.project import PROJECT
from pipeline.recipe import load_recipe

RECIPE = load_recipe(PROJECT / "models" / "wake_words.toml")
LARGEST_BYTES = 40_000


@pytest.fixture(scope="module")
def spoken() -> Split:
    """Eight clips a keyword and forty of other words, in voices that training has not."""
    pytest.importorskip("espeakng_loader")
    synthesis = RECIPE.corpus.synthesis.model_copy(update={"clips_per_keyword": 40, "unknown_clips": 200})
    section = RECIPE.corpus.model_copy(update={"synthesis": synthesis, "silence_fraction": 0.0})
    return load_synthetic(section, seed=1, splits=("validation",)).validation


@pytest.mark.parametrize("bits", [8, 4, 2])
def test_a_model_that_comes_with_the_project_hears_its_words(spoken: Split, bits: int):
    path = PROJECT / "models" / f"wake_words_{bits}bit.tflite"
    model = read_tflite(path)
    assert path.stat().st_size < LARGEST_BYTES
    assert (model.bits, model.labels, model.frontend) == (bits, RECIPE.corpus.labels, RECIPE.frontend)
    codes = np.stack([features(np.ascontiguousarray(pcm), RECIPE.frontend) for pcm in spoken.pcm])
    assert len(set(model.detector.thresholds)) > 1  # tuned, not the recipe's
    right = logits(model, codes).argmax(axis=1) == spoken.label
    keyword = spoken.label > UNKNOWN_LABEL
    assert right[keyword].mean() > 0.7
    assert right[~keyword].mean() > 0.7
