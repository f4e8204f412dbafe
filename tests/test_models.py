"""The models that come with the project: small, and they hear the words that they are for."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.corpus import UNKNOWN_LABEL, Split
from pipeline.corpus.synthetic import load_synthetic
from pipeline.export import read_tflite
from pipeline.frontend import features
from pipeline.layers import logits
from pipeline.project import PROJECT
from pipeline.recipe import load_recipe
from pipeline.workflow.litert import run_in_litert

RECIPE = load_recipe(PROJECT / "models" / "wake_words.toml")
LARGEST_BYTES = 40_000


@pytest.fixture(scope="module")
def spoken() -> Split:
    """Eight clips a keyword and forty of other words, in voices that training has not."""
    pytest.importorskip("espeakng_loader")
    synthesis = RECIPE.corpus.synthesis.model_copy(update={"clips_per_keyword": 40, "unknown_clips": 200})
    section = RECIPE.corpus.model_copy(update={"synthesis": synthesis, "silence_fraction": 0.0})
    return load_synthetic(section, seed=1, splits=("validation",)).validation


@pytest.fixture(scope="module")
def codes(spoken: Split) -> NDArray[np.int8]:
    return np.stack([features(np.ascontiguousarray(pcm), RECIPE.frontend) for pcm in spoken.pcm])


def assert_heard(answers: NDArray[np.float32], spoken: Split) -> None:
    right, keyword = answers.argmax(axis=1) == spoken.label, spoken.label > UNKNOWN_LABEL
    assert right[keyword].mean() > 0.7
    assert right[~keyword].mean() > 0.7


@pytest.mark.parametrize("bits", [8, 4, 2])
def test_a_model_that_comes_with_the_project_hears_its_words(spoken: Split, codes: NDArray[np.int8], bits: int):
    path = PROJECT / "models" / f"wake_words_{bits}bit.tflite"
    model = read_tflite(path)
    assert path.stat().st_size < LARGEST_BYTES
    assert (model.bits, model.labels, model.frontend) == (bits, RECIPE.corpus.labels, RECIPE.frontend)
    assert len(set(model.detector.thresholds)) > 1  # tuned, not the recipe's
    assert_heard(logits(model, codes), spoken)


def test_the_float_network_that_they_come_from_hears_them_too(spoken: Split, codes: NDArray[np.int8]):
    """In LiteRT, as docs/tflite.md says."""
    page = (PROJECT / "docs" / "tflite.md").read_text("utf-8")
    (block,) = re.findall(r"^<!-- tested by tests/test_models.py -->\n\n```python\n(.*?)^```$", page, re.M | re.S)
    documented: dict[str, Any] = {}
    exec(block, documented)
    path = PROJECT / "models" / "wake_words_float.tflite"
    found = np.stack([documented["float_logits"](pcm, RECIPE.frontend, path) for pcm in spoken.pcm])
    assert_heard(found, spoken)
    quantized = logits(read_tflite(path.with_name("wake_words_8bit.tflite")), codes)
    assert np.corrcoef(found.ravel(), quantized.ravel())[0, 1] > 0.98  # another training's are less alike
    assert np.array_equal(found, run_in_litert(path.read_bytes(), codes))
