"""Speech without keywords: what is read, from which files, and what is said when that cannot be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.config import CorpusSection, Frontend
from pipeline.corpus.folder import hash_split
from pipeline.corpus.sentences import synthetic_sentences
from pipeline.errors import CorpusError
from pipeline.frontend import mel_power
from pipeline.training.negatives import prepare_negatives, prepare_sentences

SETTINGS = Frontend()
NAMES = [f"{name}.flac" for name in "abcdefghijkl"]


def speech(number: int) -> np.ndarray:
    return (np.random.default_rng(number).normal(size=8000) * 1000).astype(np.int16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "speech").mkdir()
    for number, name in enumerate(NAMES):
        soundfile.write(tmp_path / "speech" / name, speech(number), 16_000)
    return tmp_path / "speech"


def expected(names: list[str]) -> np.ndarray:
    return np.concatenate([mel_power(speech(NAMES.index(name)), SETTINGS) for name in names])


def test_a_list_says_what_to_train_on(folder, tmp_path):
    (folder / "metadata.csv").write_text("file,split\nc.flac,training\na.flac,testing\nb.flac,training\n")
    power, key = prepare_negatives(folder, SETTINGS, tmp_path / "cache")
    assert np.array_equal(power, expected(["b.flac", "c.flac"]))
    (folder / "metadata.csv").write_text("file,split\nc.flac,training\n")
    again, other = prepare_negatives(folder, SETTINGS, tmp_path / "cache")
    assert np.array_equal(again, expected(["c.flac"]))
    assert key != other


def test_without_a_list_some_recordings_are_left_to_test_with(folder, tmp_path):
    chosen = [name for name in NAMES if hash_split(name) == "training"]
    assert 0 < len(chosen) < len(NAMES)
    power, _ = prepare_negatives(folder, SETTINGS, tmp_path / "cache")
    assert np.array_equal(power, expected(chosen))


def test_a_list_without_training_is_refused(folder, tmp_path):
    (folder / "metadata.csv").write_text("file,split\na.flac,testing\n")
    with pytest.raises(CorpusError, match="no recordings to train on"):
        prepare_negatives(folder, SETTINGS, tmp_path / "cache")


def test_damaged_recordings_are_named_all_at_once(folder, tmp_path):
    for name in ("a.flac", "b.flac"):
        (folder / name).write_bytes(b"fLaC")
    (folder / "metadata.csv").write_text("file,split\n" + "".join(f"{name},training\n" for name in NAMES))
    with pytest.raises(CorpusError, match="2 recordings") as error:
        prepare_negatives(folder, SETTINGS, tmp_path / "cache")
    assert all(name in error.value.message for name in ("a.flac", "b.flac"))


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(CorpusError, match="no recordings"):
        prepare_negatives(tmp_path / "none", SETTINGS, tmp_path / "cache")


def test_sentences_to_train_on_are_those_of_the_training_split(tmp_path):
    pytest.importorskip("espeakng_loader")
    section = CorpusSection(keywords=("lights_on",), sentence_hours=0.004)
    power, key = prepare_sentences(section, 1, SETTINGS, tmp_path / "cache")
    said = synthetic_sentences(("lights_on",), "training", 0.004, 1)
    assert len(said) == 4  # 14.4 s of 3.5 s each
    assert np.array_equal(power, np.concatenate([mel_power(pcm, SETTINGS) for _, pcm in said]))
    other = section.model_copy(update={"keywords": ("lights_off",)})
    keys = {key, *(prepare_sentences(*which, SETTINGS, tmp_path / "cache")[1] for which in ((other, 1), (section, 2)))}
    assert len(keys) == 3
    assert prepare_sentences(section, 1, SETTINGS, tmp_path / "cache")[1] == key
