"""Noise is added at the ratio asked for, and the same way every time."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.training.robustness import babble, features_in_noise, narrow_band


def test_faint_noise_changes_nothing_and_strong_noise_hides_the_clip(recipe, dataset):
    settings = recipe.frontend
    clips = dataset.testing
    quiet = features_in_noise(clips.power, dataset.noise_power, 120, settings).astype(int)
    assert np.abs(quiet - clips.features).max() <= 1
    distance = [
        np.abs(features_in_noise(clips.power, dataset.noise_power, snr, settings).astype(int) - clips.features).mean()
        for snr in (40, 20, 0)
    ]
    assert distance == sorted(distance)
    assert distance[-1] > 5


def test_ten_decibels_are_a_tenth_of_the_power(recipe, dataset):
    settings = recipe.frontend
    hops = dataset.testing.power.shape[1]
    flat = np.full((3, hops, settings.bands), 2.0**23, np.float32)
    noise = [np.full((hops, settings.bands), 7.0, np.float32)]
    codes = features_in_noise(flat, noise, 10, settings)
    assert np.all(codes == round(5.5 * np.log2(1.1)))


def test_it_is_repeatable_and_needs_a_recording_as_long_as_a_clip(recipe, dataset):
    settings = recipe.frontend
    first, second = (features_in_noise(dataset.testing.power, dataset.noise_power, 5, settings) for _ in range(2))
    assert np.array_equal(first, second)
    with pytest.raises(ValueError, match="no noise recording"):
        features_in_noise(dataset.testing.power, [dataset.noise_power[0][:3]], 5, settings)


def test_babble_is_of_all_voices_equally_loud():
    rng = np.random.default_rng(1)
    time = np.arange(32_000) / 16_000
    speech = [(level * np.sin(2 * np.pi * hertz * time)).astype(np.int16) for level, hertz in ((200, 500), (9000, 900))]
    crowd = babble([*speech, np.zeros(100, np.int16)], voices=40, seconds=2, seed=int(rng.integers(9)))
    spectrum = np.abs(np.fft.rfft(crowd.astype(float)))
    assert crowd.shape == (32_000,)
    quiet, loud = spectrum[980:1020].sum(), spectrum[1780:1820].sum()
    assert 0.3 < quiet / loud < 3
    with pytest.raises(ValueError, match="no recording"):
        babble([np.zeros(100, np.int16)])


@pytest.mark.parametrize("samples", [16_000, 15_999])
def test_a_recording_at_8_khz_has_the_lower_half_of_the_band(samples):
    time = np.arange(samples) / 16_000
    tones = np.stack([8000 * np.sin(2 * np.pi * hertz * time) for hertz in (100, 3000, 5000)]).astype(np.int16)
    low, middle, high = narrow_band(tones).astype(int)[:, 800:-800]
    assert np.abs(low - tones[0, 800:-800]).max() <= 2  # of 8000
    assert np.abs(middle - tones[1, 800:-800]).max() <= 2
    assert np.abs(high).max() <= 2
    assert narrow_band(tones).shape == tones.shape
    loud = narrow_band(np.full((1, samples), 32_767, np.int16))  # resampled, it swings beyond full scale
    assert loud.min() > 0
    assert loud[:, 800:-800].min() > 32_000
