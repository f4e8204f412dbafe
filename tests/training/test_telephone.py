"""Telephone lines take away what telephones take away, differ, and are the same ones in every run."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.config import Frontend
from pipeline.frontend import mel_power
from pipeline.training.telephone import any_line, over_lines, telephone

SETTINGS = Frontend()


def noise(samples: int, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).normal(size=samples) * 2000).astype(np.int16)


def band_power(pcm: np.ndarray, low: float, high: float) -> float:
    spectrum = np.abs(np.fft.rfft(pcm.astype(float))) ** 2
    hertz = np.fft.rfftfreq(len(pcm), 1 / 16_000)
    return float(spectrum[(hertz >= low) & (hertz < high)].mean())


def test_a_telephone_keeps_the_middle_of_the_band_and_nothing_else():
    time = np.arange(16_000) / 16_000
    tones = np.stack([8000 * np.sin(2 * np.pi * hertz * time) for hertz in (100, 1000, 5000)]).astype(np.int16)
    low, middle, high = telephone(tones).astype(float)
    assert np.abs(low).max() < 400
    assert np.abs(high).max() < 400
    # eight bits of mu-law: 38 dB of signal over noise for any tone of that level
    assert 0.005 < np.std(middle - tones[1]) / np.std(middle) < 0.02


@pytest.mark.parametrize("samples", [16_000, 15_999, 1601])
def test_any_line_keeps_the_length_and_what_is_between_its_edges(samples):
    lines = [any_line(noise(samples), np.random.default_rng(seed)) for seed in range(40)]
    assert {line.shape for line in lines} == {(samples,)}
    assert {line.dtype for line in lines} == {np.dtype(np.int16)}
    sent = noise(samples)
    for line in lines:
        middle = 10 * np.log10(band_power(line, 500, 3000) / band_power(sent, 500, 3000))
        assert -11.5 < middle < 11.5  # its level, and half a decibel of ripple
        # in decibels below the middle: no line lets 100 Hz or 6 kHz through
        assert 10 * np.log10(band_power(line, 500, 3000) / band_power(line, 0, 120)) > 15
        assert 10 * np.log10(band_power(line, 500, 3000) / band_power(line, 4500, 8000)) > 15


def test_lines_differ_in_edges_level_and_slope():
    sent = noise(64_000)
    lines = [any_line(sent, np.random.default_rng(seed)) for seed in range(60)]

    def spread(low: float, high: float) -> float:
        return float(np.ptp([10 * np.log10(band_power(x, low, high) / band_power(x, 500, 3000)) for x in lines]))

    assert spread(220, 280) > 20  # some begin below, some above
    assert spread(3250, 3350) > 8
    assert np.ptp([10 * np.log10(band_power(x, 500, 3000)) for x in lines]) > 12
    # a rectangular filter, an elliptic and a Butterworth one leave different amounts of what is far below their edge
    left = sorted(10 * np.log10(band_power(x, 150, 190) / band_power(x, 500, 3000)) for x in lines)
    assert left[0] < -30
    assert left[-1] > -20


def test_a_clip_has_lines_of_its_own_which_are_those_of_its_number():
    first, second = noise(8000, 1), noise(8000, 2)
    called = over_lines(first, 0, 2, SETTINGS)
    plain = mel_power(first, SETTINGS)
    assert [line.shape for line in called] == [plain.shape] * 2
    assert all(line[:, -1].mean() < 1e-2 * plain[:, -1].mean() for line in called)
    assert not np.array_equal(called[0], called[1])
    rng = np.random.default_rng([8, 0])
    assert all(np.array_equal(line, mel_power(any_line(first, rng), SETTINGS)) for line in called)
    assert np.array_equal(over_lines(first, 0, 2, SETTINGS), called)
    assert np.array_equal(over_lines(first, 0, 1, SETTINGS), called[:1])
    assert not np.array_equal(over_lines(first, 1, 2, SETTINGS), called)
    assert not np.array_equal(over_lines(second, 0, 2, SETTINGS), called)
