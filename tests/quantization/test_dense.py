"""The dense layer's reference computes what docs/method.md says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.quantization.columns import Columns, quantize_columns, sum_shift
from pipeline.quantization.dense import dense
from pipeline.quantization.frames import CANONICAL_NAN, Frames, InputQuantization, feature_frames, quantize_frames

f32 = np.float32


def one_by_one(columns: Columns, frames: Frames, relu: bool) -> np.ndarray:
    """docs/method.md for one frame in Python's integers, and binary32 operations one at a time."""
    y = []
    for j in range(columns.codes.shape[1]):
        dot = sum(int(q) * int(c) for q, c in zip(columns.codes[:, j], frames.codes, strict=True))
        total = dot + (int(frames.zero) * int(columns.sum[j]) >> sum_shift(columns.bits))
        total += int(frames.codes.sum()) * int(columns.offset[j]) >> 8
        assert abs(total) < 2**28
        product = f32(f32(frames.step) * f32(columns.step[j])) * f32(total)
        value = f32(product + f32(columns.bias[j]))
        y.append(f32(0) if relu and value < 0 else value)
    return np.array(y, f32)


@settings(deadline=None, max_examples=80)
@given(st.integers(1, 700), st.integers(2, 8), st.booleans(), st.integers(0, 1000))
def test_a_layer_is_the_contract_s_sum(inputs, bits, relu, seed):
    rng = np.random.default_rng(seed)
    columns = quantize_columns(rng.normal(size=(inputs, 4)), rng.normal(size=4), bits)
    x = (rng.normal(size=inputs) * np.exp2(rng.uniform(-50, 50)) + rng.choice([0, 1])).astype(f32)
    frames = quantize_frames(x)
    np.testing.assert_array_equal(
        dense(columns, frames, relu=relu).view(np.uint32), one_by_one(columns, frames, relu).view(np.uint32)
    )


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 300), st.integers(2, 8), st.integers(0, 1000))
def test_a_layer_is_close_to_the_product_of_what_its_codes_stand_for(inputs, bits, seed):
    rng = np.random.default_rng(seed)
    columns = quantize_columns(rng.normal(size=(inputs, 4)), rng.normal(size=4), bits)
    frames = quantize_frames(np.maximum(rng.normal(size=inputs), 0))
    weights = columns.step.astype(float) * (columns.codes + columns.offset / 256)
    x = float(frames.step) * (frames.codes.astype(float) + int(frames.zero))
    unit = float(frames.step) * columns.step.astype(float)
    # the two floors, and half a unit of the column's sum times the frame's zero
    allowed = unit * (2 + 0.5 * abs(int(frames.zero)) / 2 ** sum_shift(bits)) + 1e-5
    assert np.all(np.abs(dense(columns, frames) - (x @ weights + columns.bias)) <= allowed)


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("code", [-128, 127])
@pytest.mark.parametrize("low", [True, False])
def test_the_widest_layer_at_its_extremes_stays_within_28_bits(bits, code, low):
    k, h = 4096, 1 << (bits - 1)
    column = Columns(
        bits,
        np.full((k, 1), -h if low else h - 1, np.int8),
        np.ones(1, np.float16),
        np.full(1, 32512 if low else -32512, np.int16),
        np.zeros(1, np.float16),
    )
    frames = Frames(np.full(k, code), f32(1), np.int32(0), np.bool_(True))
    exact = k * code * (-h if low else h - 1) + k * code * (127 if low else -127)
    assert abs(exact) < 2**28
    assert dense(column, frames)[0] == f32(exact)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 2.0**64])
def test_invalid_frames_are_the_canonical_nan_all_the_way(bad):
    columns = quantize_columns(np.ones((3, 2)), np.zeros(2), 8)
    y = dense(columns, quantize_frames(np.array([[1, bad, 2], [1, 1, 2]], f32)), relu=True)
    assert np.all(y[0].view(np.uint32) == CANONICAL_NAN.view(np.uint32))
    assert not quantize_frames(y[0]).valid
    assert np.all(np.isfinite(y[1]))


def test_no_output_is_negative_zero_or_subnormal():
    zero = quantize_columns(np.zeros((2, 1)), np.array([-0.0]), 4)
    assert not np.signbit(dense(zero, quantize_frames(np.array([-1.0, -2.0]))))[0]
    rng = np.random.default_rng(1)
    least = quantize_columns(rng.normal(size=(9, 5)) * 2.0**-14, np.zeros(5), 8)
    y = dense(least, quantize_frames((rng.normal(size=(500, 9)) * 2.0**-64).astype(f32)))
    assert np.all((y == 0) | (np.abs(y) >= 2.0**-126))


def test_features_go_in_as_they_are():
    columns = quantize_columns(np.eye(4), np.zeros(4), 8)
    y = dense(columns, feature_frames(np.array([[-128, -1, 0, 127]], np.int8), InputQuantization(0.5, 3)))
    np.testing.assert_allclose(y, 0.5 * (np.array([[-128, -1, 0, 127]]) - 3), atol=0.3)


def test_more_bits_are_closer_to_the_float_product():
    rng = np.random.default_rng(1)
    weights, x = rng.normal(size=(200, 50)), rng.normal(size=200).astype(f32)
    errors = [
        np.abs(dense(quantize_columns(weights, np.zeros(50), bits), quantize_frames(x)) - x @ weights).mean()
        for bits in (2, 3, 4, 5, 6, 8)
    ]
    assert errors == sorted(errors, reverse=True)
