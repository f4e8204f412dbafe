"""The C front end against a float64 model written from its definition, and its behaviour at the edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import Frontend
from pipeline.errors import RecipeError
from pipeline.frontend import (
    context_indices,
    encode,
    features,
    make_tables,
    mel_power,
    native,
)

SETTINGS = (
    Frontend(),
    Frontend(bands=40),
    Frontend(bands=40, window_samples=511, low_hz=0.0, high_hz=8000.0, hop_samples=97),
    Frontend(bands=4, window_samples=512, low_hz=300.0, high_hz=3000.0),
    Frontend(bands=20, window_samples=65),
)


def model_power(pcm: np.ndarray, s: Frontend) -> np.ndarray:
    """Mel power by numpy's transform and a dense filter-bank matrix in float64."""
    hops = (len(pcm) - s.window_samples) // s.hop_samples + 1
    n = np.arange(s.window_samples)
    hann = np.sin(np.pi * n / s.window_samples) ** 2
    frames = np.stack([pcm[i * s.hop_samples :][: s.window_samples] for i in range(hops)]).astype(np.float64)
    spectrum = np.abs(np.fft.rfft(frames * hann, 512)) ** 2

    def mel(hz):
        return 2595.0 * np.log10(1 + hz / 700.0)

    edges = np.linspace(mel(s.low_hz), mel(s.high_hz), s.bands + 2)
    bins = mel(np.arange(257) * s.sample_rate / 512)
    rise = (bins[:, None] - edges[None, :-2]) / (edges[1] - edges[0])
    fall = (edges[None, 2:] - bins[:, None]) / (edges[1] - edges[0])
    return spectrum @ np.clip(np.minimum(rise, fall), 0, None)


@pytest.mark.parametrize("s", SETTINGS)
def test_power_follows_its_definition(s):
    rng = np.random.default_rng(1)
    for pcm in (
        rng.integers(-32768, 32768, 6000),
        np.rint(20000 * np.sin(2 * np.pi * 1000 / 16000 * np.arange(6000)) + rng.normal(0, 30, 6000)),
        rng.integers(-1, 2, 6000),
    ):
        pcm = pcm.astype(np.int16)
        ours, model = mel_power(pcm, s), model_power(pcm, s)
        assert ours.dtype == np.float32
        # rounding in the transform is relative to the frame's strongest amplitude
        strongest = model.max(axis=1, keepdims=True)
        assert np.all(np.abs(ours - model) <= 3e-6 * model + 4e-7 * np.sqrt(model * strongest) + 1e-13 * strongest)


@pytest.mark.parametrize("s", SETTINGS[:2])
def test_full_scale_does_not_saturate_the_codes(s):
    pcm = np.where(np.arange(4000) % 32 < 16, 32767, -32768).astype(np.int16)
    assert encode(mel_power(pcm, s)).max() < 127
    assert encode(mel_power(np.zeros(4000, np.int16), s)).max() == -127
    dither = np.random.default_rng(0).integers(-1, 2, 4000).astype(np.int16)
    assert encode(mel_power(dither, s)).min() > -127


def test_a_tone_lands_in_its_band():
    s = Frontend()
    edges = 700 * np.expm1(np.linspace(1127 * np.log1p(60 / 700), 1127 * np.log1p(7600 / 700), 22) / 1127)
    for band, hz in enumerate(edges[1:-1]):
        pcm = np.rint(8000 * np.sin(2 * np.pi * hz / 16000 * np.arange(2000))).astype(np.int16)
        assert np.all(mel_power(pcm, s).argmax(axis=1) == band)


def test_codes_are_rounded_logarithms():
    power = np.geomspace(0.5, 1e14, 200_001).astype(np.float32)
    exact = 5.5 * (np.log2(power.astype(np.float64)) - 23)
    codes = encode(power)
    assert np.all(np.abs(codes - np.clip(exact, -127, 127)) <= 0.502)
    assert np.all(np.diff(codes.astype(int)) >= 0)
    assert codes[0] == -127
    assert codes[-1] == 127


def test_codes_of_what_is_no_power_are_defined():
    values = np.array([0.0, -0.0, 1e-45, 1e-38, -1.0, np.inf, np.nan, 3.4e38], np.float32)
    assert encode(values).tolist() == [-127, -127, -127, -127, -127, 127, 127, 127]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 1500), max_size=12),
    st.sampled_from([SETTINGS[0], Frontend(bands=40, context_stride=1), Frontend(hop_samples=512)]),
    st.integers(0, 2**32 - 1),
)
def test_streaming_gives_the_rows_of_the_whole_clip_however_it_is_cut(sizes, s, seed):
    pcm = np.random.default_rng(seed).integers(-32768, 32768, sum(sizes)).astype(np.int16)
    streamed = native(s).stream(np.split(pcm, np.cumsum(sizes)))
    whole = encode(mel_power(pcm, s))[:: s.context_stride]
    assert np.array_equal(streamed, whole)


def test_sample_by_sample_gives_the_same_rows():
    s = Frontend(context_frames=5)
    pcm = np.random.default_rng(3).integers(-5000, 5000, 16000).astype(np.int16)
    rows = native(s).stream([pcm[i : i + 1] for i in range(len(pcm))])
    assert np.array_equal(rows, encode(mel_power(pcm, s))[:: s.context_stride])


def test_features_are_the_middle_of_the_clip():
    s = Frontend()
    pcm = np.random.default_rng(4).integers(-9000, 9000, 24000).astype(np.int16)
    rows = encode(mel_power(pcm, s))
    assert rows.shape == (148, 20)
    start = (148 - s.context_hops) // 2
    assert start == 3
    assert np.array_equal(features(pcm, s).reshape(48, 20), rows[start + context_indices(s)])


def test_a_clip_too_short_for_the_context_is_refused():
    with pytest.raises(RecipeError, match="does not fit") as error:
        features(np.zeros(8000, np.int16), Frontend())
    assert "clip_seconds" in error.value.hint


def test_a_band_without_a_frequency_is_refused():
    with pytest.raises(RecipeError, match="holds no frequency"):
        make_tables(Frontend(bands=40, low_hz=100, high_hz=400))


def test_triangles_cover_the_range_without_gaps():
    for s in SETTINGS:
        tables = make_tables(s)
        assert tables.segment_bins.sum() == len(tables.rising)
        assert len(tables.segment_bins) == s.bands + 1
        assert tables.rising.min() >= 0
        assert tables.rising.max() < 1
        assert 1 <= tables.first_bin <= tables.first_bin + len(tables.rising) <= 256
