"""What a run trains on: clips, and speech of any length beside them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.errors import CorpusError
from pipeline.progress import SILENT
from pipeline.recipe import load_recipe
from pipeline.training.negatives import prepare_negatives, prepare_sentences
from pipeline.workflow.data import Data


class Heard:
    """Progress that keeps what a user is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def info(self, text: str) -> None:
        self.said.append(text)

    task = staticmethod(SILENT.task)


@pytest.fixture
def data(whistle_recipe: Path, whistles: Path, tmp_path: Path) -> Data:
    settings = load_recipe(whistle_recipe)
    corpus = settings.corpus.model_copy(update={"sentence_hours": 0.004})
    return Data(settings.model_copy(update={"corpus": corpus}), whistles, None, tmp_path / "cache", SILENT)


def test_named_recordings_and_synthesised_sentences_are_both_trained_on(data: Data, tmp_path: Path) -> None:
    pytest.importorskip("espeakng_loader")
    folder = tmp_path / "talk"
    folder.mkdir()
    soundfile.write(folder / "a.wav", np.random.default_rng(1).normal(0, 0.1, 48_000), 16_000)
    (folder / "metadata.csv").write_text("file,split\na.wav,training\n")
    section, frontend = data.recipe.corpus, data.recipe.frontend
    named, _ = prepare_negatives(folder, frontend, data.cache)
    spoken, _ = prepare_sentences(section, data.recipe.training.seed, frontend, data.cache)
    wanted = {
        (None, 0.0): None,
        (folder, 0.0): named,
        (None, section.sentence_hours): spoken,
        (folder, section.sentence_hours): np.concatenate([named, spoken]),
    }
    keys = set()
    for (negatives, hours), power in wanted.items():
        corpus = section.model_copy(update={"sentence_hours": hours})
        recipe = data.recipe.model_copy(update={"corpus": corpus})
        dataset = replace(data, recipe=recipe, negatives=negatives).dataset
        assert (dataset.negatives is None) == (power is None)
        assert power is None or np.array_equal(dataset.negatives, power)
        keys.add(dataset.key)
    assert len(keys) == 4  # or a trained network would be taken for that of other data


def test_without_the_synthesiser_training_goes_on_and_says_so(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_: object) -> None:
        raise CorpusError("the speech synthesiser is not installed", "pip install it")

    monkeypatch.setattr("pipeline.workflow.data.prepare_sentences", absent)
    heard = Heard()
    assert replace(data, progress=heard).dataset.negatives is None
    assert any("no synthesised sentences" in text and "pip install it" in text for text in heard.said)
