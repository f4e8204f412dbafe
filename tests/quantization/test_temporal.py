"""Filters over time, means and sums compute what docs/method.md says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import QuantizationError
from pipeline.quantization.frames import (
    CANONICAL_NAN,
    History,
    InputQuantization,
    empty_history,
    feature_history,
    quantize_history,
)
from pipeline.quantization.temporal import MAX_TAPS, Filters, add, filter_step, mean_step, quantize_filters

f32 = np.float32


def window(rng: np.random.Generator, frames: int, channels: int) -> np.ndarray:
    """Frames of different loudness, some without negative values, some zero."""
    x = rng.normal(size=(frames, channels)) * np.exp2(rng.uniform(-9, 9, size=(frames, 1)))
    x = np.where(rng.integers(2, size=(frames, 1)), np.maximum(x, 0), x)
    return (x * (rng.uniform(size=(frames, 1)) > 0.2)).astype(f32)


def one_by_one(filters: Filters, frames: History, scale: float, relu: bool) -> np.ndarray:
    """docs/method.md for one window in Python's integers, and binary32 operations one at a time."""
    real = [int(e) for e in frames.exponent if e != -128]
    y = []
    for c in range(filters.codes.shape[1]):
        total = 0
        for i, e in enumerate(frames.exponent):
            if e != -128 and max(real) - e <= 7:
                a = (int(frames.codes[i, c]) - int(frames.zero[i])) << (7 - (max(real) - int(e)))
                assert abs(a) < 2**15
                total += int(filters.codes[i, c]) * a
        assert abs(total) < 2**30
        unit = f32(2.0 ** (max(real) - 7) * scale) if real else f32(0)
        value = f32(f32(f32(unit * f32(filters.step[c])) * f32(total)) + f32(filters.bias[c]))
        y.append(f32(0) if relu and value < 0 else value)
    return np.array(y, f32)


@settings(deadline=None, max_examples=80)
@given(st.integers(1, 40), st.integers(1, 9), st.booleans(), st.integers(0, 1000))
def test_a_filter_is_the_contract_s_sum(taps, channels, relu, seed):
    rng = np.random.default_rng(seed)
    filters = quantize_filters(rng.normal(size=(taps, channels)), rng.normal(size=channels))
    frames = quantize_history(window(rng, taps, channels))
    y = filter_step(filters, frames, relu=relu)
    np.testing.assert_array_equal(y.view(np.uint32), one_by_one(filters, frames, 1, relu).view(np.uint32))


def test_a_filter_of_features_counts_in_their_scale():
    rng = np.random.default_rng(4)
    filters = quantize_filters(rng.normal(size=(3, 5)), rng.normal(size=5))
    features = rng.integers(-128, 128, (3, 5), np.int8)
    frames = feature_history(features, InputQuantization(0.03125, -20))
    y = filter_step(filters, frames, scale=0.03125)
    np.testing.assert_array_equal(y.view(np.uint32), one_by_one(filters, frames, 0.03125, False).view(np.uint32))
    taps = filters.codes * filters.step.astype(float)
    np.testing.assert_allclose(y, (0.03125 * (features + 20.0) * taps).sum(axis=0) + filters.bias, rtol=1e-5, atol=1e-5)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 30), st.integers(0, 1000))
def test_filters_and_means_are_close_to_the_float_sums(frames, seed):
    rng = np.random.default_rng(seed)
    taps, bias, x = rng.normal(size=(frames, 6)), rng.normal(size=6), window(rng, frames, 6)
    filters = quantize_filters(taps, bias)
    # every frame is off by at most a step of its own, or counts as zero below a step of the loudest; twice for safety
    step = np.abs(x).max() / 127 + 1e-9
    error = np.abs(filter_step(filters, quantize_history(x)) - ((x * taps).sum(axis=0) + bias))
    assert np.all(error <= 2 * step * np.abs(taps).sum(axis=0) + np.abs(bias) * 1e-3 + 1e-4)
    assert np.all(np.abs(mean_step(quantize_history(x)) - x.mean(axis=0)) <= 2 * step)


def test_taps_are_within_half_a_step_and_reach_127():
    rng = np.random.default_rng(2)
    taps = rng.normal(size=(9, 50)) * np.exp2(rng.uniform(-5, 5, size=50))
    filters = quantize_filters(taps, np.zeros(50))
    step = filters.step.astype(float)
    assert np.all(np.abs(step * filters.codes - taps) <= 0.5 * step * (1 + 1e-6))
    assert set(np.abs(filters.codes.astype(int)).max(axis=0)) == {127}


def test_before_reset_there_is_silence():
    rng = np.random.default_rng(3)
    filters = quantize_filters(rng.normal(size=(4, 3)), rng.normal(size=3))
    np.testing.assert_array_equal(filter_step(filters, empty_history(4, 3)), filters.bias.astype(f32))
    assert not mean_step(empty_history(4, 3)).any()


def test_one_invalid_frame_makes_a_window_invalid_until_it_has_left():
    x = np.ones((5, 2), f32)
    x[1, 0] = np.inf
    filters = quantize_filters(np.ones((3, 2)), np.zeros(2))
    for newest in (2, 3, 4):
        frames = quantize_history(x[newest - 2 : newest + 1][::-1])
        assert np.isnan(filter_step(filters, frames, relu=True)).all() == (newest - 2 <= 1)
        assert np.isnan(mean_step(frames)).all() == (newest - 2 <= 1)


def test_windows_of_a_batch_do_not_see_each_other():
    rng = np.random.default_rng(5)
    filters = quantize_filters(rng.normal(size=(4, 3)), rng.normal(size=3))
    x = np.stack([window(rng, 4, 3) for _ in range(6)])
    together, mean = filter_step(filters, quantize_history(x)), mean_step(quantize_history(x))
    for one, y, m in zip(x, together, mean, strict=True):
        np.testing.assert_array_equal(filter_step(filters, quantize_history(one)), y)
        np.testing.assert_array_equal(mean_step(quantize_history(one)), m)


def test_a_mean_of_equal_frames_is_the_frame_within_a_code():
    x = np.array([0.0, 0.5, 1.0], f32)
    for count in (1, 2, 7, 12, 256):
        np.testing.assert_allclose(mean_step(quantize_history(np.tile(x, (count, 1)))), x, atol=2.0**-8, rtol=2.0**-11)


def test_add():
    a, b = np.array([1, -2, 3], f32), np.array([0.5, 1, -3], f32)
    assert add(a, b).tolist() == [1.5, -1, 0]
    assert add(a, b, relu=True).tolist() == [1.5, 0, 0]
    invalid = np.full(3, CANONICAL_NAN)
    for relu in (False, True):
        for y in (add(a, invalid, relu=relu), add(invalid, b, relu=relu), add(invalid, invalid, relu=relu)):
            np.testing.assert_array_equal(y.view(np.uint32), invalid.view(np.uint32))


@pytest.mark.parametrize(
    ("taps", "bias"),
    [
        (np.ones((MAX_TAPS + 1, 2)), np.zeros(2)),
        (np.ones((3, 2)), np.zeros(3)),
        (np.full((3, 2), np.nan), np.zeros(2)),
        (np.full((3, 2), 2.0**14), np.zeros(2)),
        (np.zeros((0, 2)), np.zeros(2)),
    ],
)
def test_taps_that_cannot_be_represented_are_refused(taps, bias):
    with pytest.raises(QuantizationError):
        quantize_filters(taps, bias)
