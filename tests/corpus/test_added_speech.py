"""Synthesised speech beside recordings: words of all kinds to train on, other words only to choose thresholds on."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.corpus import flite
from pipeline.corpus.data import UNKNOWN_LABEL
from pipeline.corpus.folder import scan_folder
from pipeline.corpus.recorded import SYNTHESISED_FOLDER, load_recorded


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
    assert not any(map(flite.is_voice, voices["training"]))  # 21 English clips at least, of which it would speak most
    assert all(corpus.validation.pcm[i].any() for i in made["validation"])
    assert int((corpus.validation.label == UNKNOWN_LABEL).sum()) > 8
