"""What a run trains on: clips, and speech of any length beside them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.errors import CorpusError
from pipeline.progress import SILENT
from pipeline.recipe import load_recipe
from pipeline.training.negatives import prepare_negatives, prepare_sentences
from pipeline.workflow.data import Data, HeldOutClips, clips_for_model, clips_to_test
from tests.conftest import make_temporal_model


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


@pytest.fixture
def people(whistles: Path, tmp_path: Path) -> Path:
    """A folder of the whistles' testing split, and nothing else."""
    root = tmp_path / "people"
    for name in (whistles / "testing_list.txt").read_text().split():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(whistles / name, root / name)
    shutil.copy(whistles / "testing_list.txt", root)
    return root


def spoken(clips: HeldOutClips) -> list[tuple[int, bytes]]:
    """Label and features of all clips but those of silence, which are drawn."""
    return [(label, row.tobytes()) for label, row in zip(clips.labels, clips.features, strict=True) if label]


def test_a_folder_with_only_a_testing_split_is_tested_on(data: Data, people: Path) -> None:
    own, there = data.held_out, replace(data, test_folder=people).held_out
    assert spoken(own.test) == spoken(there.test)
    assert spoken(own.validation) == spoken(there.validation)


def test_a_model_takes_thresholds_from_one_folder_and_answers_another(
    whistles: Path, people: Path, tmp_path: Path
) -> None:
    model = replace(make_temporal_model(8, labels=4), labels=("_silence_", "_unknown_", "low", "high"))
    cache = tmp_path / "cache"
    apart = clips_for_model(model, whistles, people, cache, SILENT)
    assert (apart.test.folder, apart.validation.folder) == (people, whistles)
    alone = clips_for_model(model, whistles, None, cache, SILENT)
    assert spoken(apart.validation) == spoken(alone.validation)
    assert np.array_equal(apart.test.features, clips_to_test(model, people, cache, SILENT).features)
    with pytest.raises(CorpusError, match="validation split"):
        clips_for_model(model, None, people, cache, SILENT)
