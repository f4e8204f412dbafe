"""Noise is added at the ratio asked for, and the same way every time."""

from __future__ import annotations

import numpy as np
import pytest

from lab.folds import subset
from lab.robustness import features_in_noise


def test_faint_noise_changes_nothing_and_strong_noise_hides_the_clip(recipe, dataset):
    settings = recipe.frontend
    clips = dataset.testing
    quiet = features_in_noise(clips, dataset.noise_power, 120, settings).astype(int)
    assert np.abs(quiet - clips.features).max() <= 1
    distance = [
        np.abs(features_in_noise(clips, dataset.noise_power, snr, settings).astype(int) - clips.features).mean()
        for snr in (40, 20, 0)
    ]
    assert distance == sorted(distance)
    assert distance[-1] > 5


def test_ten_decibels_are_a_tenth_of_the_power(recipe, dataset):
    settings = recipe.frontend
    hops = dataset.testing.power.shape[1]
    clips = subset(dataset.testing, np.arange(3))
    flat = type(clips)(np.full_like(clips.power, 2.0**23), clips.features, clips.labels, clips.speakers)
    noise = [np.full((hops, settings.bands), 7.0, np.float32)]
    codes = features_in_noise(flat, noise, 10, settings)
    assert np.all(codes == round(5.5 * np.log2(1.1)))


def test_it_is_repeatable_and_needs_a_recording_as_long_as_a_clip(recipe, dataset):
    settings = recipe.frontend
    first, second = (features_in_noise(dataset.testing, dataset.noise_power, 5, settings) for _ in range(2))
    assert np.array_equal(first, second)
    with pytest.raises(ValueError, match="no noise recording"):
        features_in_noise(dataset.testing, [dataset.noise_power[0][:3]], 5, settings)
