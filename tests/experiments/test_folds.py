"""Folds keep speakers together, use every recording once, and never judge by what is not a recording."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.corpus import SILENCE_LABEL
from pipeline.errors import ExperimentError
from pipeline.experiments.folds import TRAINED_ON, clip_folds, speaker_folds


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 1000), st.integers(2, 6), st.integers(6, 40))
def test_no_speaker_is_in_two_folds_and_no_fold_is_empty(seed, folds, people):
    rng = np.random.default_rng(seed)
    speakers = [f"s{i}" for i in np.concatenate([np.arange(people), rng.integers(0, people, 200)])]
    labels = rng.integers(0, 5, len(speakers))
    fold = speaker_folds(speakers, labels, folds, seed)
    assert set(fold) == set(range(folds))
    for name in set(speakers):
        assert len(set(fold[np.array(speakers) == name])) == 1
    assert np.array_equal(fold, speaker_folds(speakers, labels, folds, seed))


def test_more_folds_than_speakers_are_refused():
    with pytest.raises(ExperimentError, match="3 folds of 2 speakers"):
        speaker_folds(["a", "b"], np.array([0, 1]), 3)


def test_synthesised_speech_and_the_noise_of_training_are_only_trained_on():
    files = ["yes/ann_0.wav", "_synthesised_/yes_1", "_background_noise_/crop_0"]
    files += ["no/bob_0.wav", "_background_noise_/crop_0", "_background_noise_/crop_1", "_synthesised_/no_2"]
    speakers = ["ann", "voice", "fan", "bob", "fan", "fan", "voice"]
    labels = np.array([2, 2, SILENCE_LABEL, 1, SILENCE_LABEL, SILENCE_LABEL, 1])
    fold = clip_folds(files, speakers, labels, kept=3, folds=2)
    assert set(fold[[0, 3]]) == {0, 1}
    assert fold[[1, 2, 6]].tolist() == [TRAINED_ON] * 3
    assert fold[[4, 5]].tolist() == [0, 1]  # noise that training did not hear, some for each fold


def test_without_recordings_voices_are_speakers():
    fold = clip_folds(["yes_1", "yes_2"], ["ann", "bob"], np.array([2, 2]), kept=2, folds=2)
    assert sorted(fold) == [0, 1]
