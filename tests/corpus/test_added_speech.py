"""Synthesised speech beside recordings: words of all kinds to train on, other words only to choose thresholds on."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.config import SynthesisSection
from pipeline.corpus import SOURCES, flite
from pipeline.corpus.data import UNKNOWN_LABEL
from pipeline.corpus.folder import scan_folder
from pipeline.corpus.recorded import SYNTHESISED_FOLDER, load_recorded
from pipeline.progress import SILENT


def test_training_gets_keywords_and_others_validation_others_in_unheard_voices(make_folder, section):
    pytest.importorskip("espeakng_loader")
    section = section.model_copy(update={"added_clips": 4, "added_unknown": 20})
    corpus = load_recorded(section, scan_folder(section, make_folder()), seed=1)
    made = {
        name: [i for i, file in enumerate(corpus.split(name).files) if file.startswith(f"{SYNTHESISED_FOLDER}/")]
        for name in ("training", "validation", "testing")
    }
    labels = {name: np.bincount(corpus.split(name).label[index], minlength=4) for name, index in made.items()}
    assert labels["training"].tolist() == [0, 20, 4, 4]
    assert labels["validation"].tolist() == [0, 8, 0, 0]
    assert labels["testing"].tolist() == [0, 0, 0, 0]
    voices = {name: {corpus.split(name).speakers[i] for i in index} for name, index in made.items()}
    assert not voices["training"] & voices["validation"]
    assert all(corpus.validation.pcm[i].any() for i in made["validation"])
    assert int((corpus.validation.label == UNKNOWN_LABEL).sum()) > 8


@pytest.mark.skipif(not flite.voices(), reason="flite is not installed")
def test_flite_speaks_its_share_of_what_is_added_to_train_on(make_folder, section):
    added = section.model_copy(update={"added_clips": 4, "added_unknown": 4})
    folder = make_folder()
    for share in (0.0, 1.0):
        wanted = added.model_copy(update={"synthesis": SynthesisSection(flite_share=share)})
        corpus = load_recorded(wanted, scan_folder(wanted, folder), seed=1)
        keywords = [
            corpus.training.speakers[i]
            for i, file in enumerate(corpus.training.files)
            if file.startswith(f"{SYNTHESISED_FOLDER}/") and corpus.training.label[i] != UNKNOWN_LABEL
        ]
        assert [flite.is_voice(speaker) for speaker in keywords] == [share == 1.0] * 8
        assert not any(map(flite.is_voice, corpus.validation.speakers))


def test_the_cache_of_a_folder_knows_who_speaks_what_is_added(make_folder, section, monkeypatch, tmp_path):
    monkeypatch.setattr(flite, "voices", lambda: ("flite-a",))
    folder = make_folder()

    def content(added, version):
        monkeypatch.setattr(flite, "version", lambda: version)
        found = section.model_copy(update={"added_clips": added})
        return SOURCES["folder"].find(found, folder, tmp_path, SILENT).content

    assert content(4, "flite 1") != content(4, "flite 2")
    assert content(0, "flite 1") == content(0, "flite 2")
