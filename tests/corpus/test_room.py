"""Rooms, microphones and levels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.corpus import room
from pipeline.corpus.noise import coloured_noise, silence_clips, split_noise


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_reverberation_is_a_convolution():
    speech, response = rng().normal(size=700).astype(np.float32), rng(1).normal(size=300).astype(np.float32)
    assert room.reverberate(speech, response) == pytest.approx(np.convolve(speech, response), abs=1e-3)


def test_a_rooms_tail_decays():
    for seed in range(20):
        response = room.impulse_response(rng(seed))
        assert response[0] == 1.0
        half = len(response) // 2
        assert np.sum(response[half:] ** 2) < 0.1 * np.sum(response[1:half] ** 2)


def test_colouring_keeps_length_and_rough_level():
    speech = rng().normal(size=5001).astype(np.float32)
    for seed in range(20):
        coloured = room.colour(speech, rng(seed))
        assert coloured.shape == speech.shape
        assert 0.3 < coloured.std() / speech.std() < 5


@settings(max_examples=80, deadline=None)
@given(st.integers(200, 20_000), st.integers(0, 9000), st.integers(0, 99), st.floats(0, 0.5))
def test_the_word_lies_about_the_middle_whole_where_it_fits(word, tail, seed, jitter):
    speech = np.concatenate([np.full(word, 2, np.float32), np.ones(tail, np.float32)])
    clip = room.place(speech, word, 8000, rng(seed), jitter)
    assert clip.shape == (8000,)
    first = int(np.flatnonzero(clip)[0])
    if word <= 8000:
        assert abs(first - (8000 - word) // 2) <= jitter * 16_000 + 1
        assert np.count_nonzero(clip) >= min(word + tail, 8000 - first) - 1
        if tail == 0:
            assert np.array_equal(clip[first : first + word], speech)
    else:
        assert np.count_nonzero(clip == 2) >= 8000 - 2 * 80


def test_noise_is_added_at_the_ratio_asked_for():
    speech, noise = np.zeros(40_000, np.float32), rng(1).normal(size=40_000).astype(np.float32)
    speech[:20_000] = 0.1 * rng(2).normal(size=20_000)
    recorded = room.record(speech, noise, rng(3), snr_db=(20.0, 20.0)).astype(np.float64)
    ratio = recorded[:20_000].std() / recorded[20_000:].std()
    assert 20 * np.log10(ratio) == pytest.approx(20.0, abs=1.0)


def test_noise_regions_are_disjoint_and_cover_the_recording():
    pcm = np.arange(30_000, dtype=np.int16)
    regions = split_noise([("a", pcm)], 1000)
    assert sorted(np.concatenate([r for part in regions.values() for _, r in part])) == sorted(pcm)
    assert [len(regions[name][0][1]) for name in ("training", "validation", "testing")] == [24_000, 3000, 3000]


def test_short_recordings_are_dealt_out_whole():
    regions = split_noise([(f"n{i}", np.full(2000, i, np.int16)) for i in range(20)], 1000)
    assert all(regions.values())
    assert sum(len(part) for part in regions.values()) == 20
    assert len(regions["training"]) > 10


def test_silence_clips_come_from_the_regions_also_when_those_are_short():
    clips, names = silence_clips([("hum", np.full(300, 1000, np.int16))], 5, 1000, rng())
    assert clips.shape == (5, 1000)
    assert names == ["hum"] * 5
    assert np.all((clips >= 100) & (clips <= 1000))
    assert np.all(clips.std(axis=1) == 0)


def test_coloured_noises_differ_in_slope_and_repeat():
    noises = dict(coloured_noise(5.0, 1))

    def slope(pcm):
        power = np.abs(np.fft.rfft(pcm)) ** 2
        return np.log2(power[500:1000].mean() / power[16_000:32_000].mean())

    slopes = [slope(noises[name]) for name in sorted(noises)]
    assert slopes == sorted(slopes)
    assert slopes[-1] - slopes[0] > 8
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(coloured_noise(5.0, 1), coloured_noise(5.0, 1), strict=True))
