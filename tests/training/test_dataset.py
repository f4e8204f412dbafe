"""Features are the front end's, are computed once, and folds keep speakers together."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pipeline import frontend
from pipeline.errors import RecipeError
from pipeline.training import dataset as module
from pipeline.training import telephone
from pipeline.training.dataset import centred_features, prepare


def test_features_are_those_of_the_front_end_clip_by_clip(corpus, recipe, dataset):
    settings_ = recipe.frontend
    for split, clips in ((corpus.training, dataset.training), (corpus.testing, dataset.testing)):
        assert clips.features.dtype == np.int8
        for i in (0, 7, len(clips) - 1):
            assert np.array_equal(clips.features[i], frontend.features(split.pcm[i], settings_))
            assert np.array_equal(clips.power[i], frontend.mel_power(split.pcm[i], settings_))
        assert np.array_equal(clips.labels, split.label)
        assert clips.speakers == split.speakers


def test_clips_are_heard_over_as_many_lines_as_are_asked_for(corpus, recipe, dataset, tmp_path):
    assert dataset.training.called.shape[:2] == (len(corpus.training), 0)
    heard = prepare(corpus, recipe.frontend, tmp_path, lines=2)
    assert heard.key != dataset.key
    for split, clips in ((corpus.training, heard.training), (corpus.testing, heard.testing)):
        assert clips.called.dtype == np.float32
        for i in (0, 7, len(clips) - 1):
            assert np.array_equal(clips.called[i], telephone.over_lines(split.pcm[i], i, 2, recipe.frontend))
            assert np.array_equal(clips.features[i], frontend.features(split.pcm[i], recipe.frontend))
    assert np.array_equal(heard.training.power, dataset.training.power)


def test_the_second_call_reads_what_the_first_one_wrote(corpus, recipe, tmp_path, monkeypatch):
    first = prepare(corpus, recipe.frontend, tmp_path)
    monkeypatch.setattr(module, "mel_power", lambda *_: pytest.fail("computed again"))
    second = prepare(corpus, recipe.frontend, tmp_path)
    assert np.array_equal(first.training.power, second.training.power)
    assert np.array_equal(first.noise_power[0], second.noise_power[0])
    assert first.key == second.key
    monkeypatch.undo()
    assert prepare(dataclasses.replace(corpus, key="tones-2"), recipe.frontend, tmp_path).key != first.key


def test_an_interrupted_featurisation_is_made_again(corpus, recipe, tmp_path, monkeypatch):
    calls = iter(range(100))

    def interrupted(pcm, settings_):
        if next(calls) == 50:
            raise KeyboardInterrupt
        return frontend.mel_power(pcm, settings_)

    with monkeypatch.context() as patch:
        patch.setattr(module, "mel_power", interrupted)
        with pytest.raises(KeyboardInterrupt):
            prepare(corpus, recipe.frontend, tmp_path)
    assert len(prepare(corpus, recipe.frontend, tmp_path).testing) == len(corpus.testing)
    assert not list(tmp_path.glob("*.partial"))


def test_one_changed_byte_of_the_features_is_noticed(corpus, recipe, tmp_path):
    first = prepare(corpus, recipe.frontend, tmp_path)
    expected = np.array(first.training.power)
    (entry,) = tmp_path.glob("features-*")
    for path in sorted(entry.iterdir()):
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
        again = prepare(corpus, recipe.frontend, tmp_path)
        assert np.array_equal(again.training.power, expected), path
        assert np.array_equal(again.testing.features, first.testing.features), path


def test_clips_shorter_than_the_context_window_are_refused(recipe):
    with pytest.raises(RecipeError):
        centred_features(np.ones((2, 10, 20), np.float32), recipe.frontend)
