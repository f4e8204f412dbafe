"""The frame quantizers have the properties that docs/method.md promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.errors import QuantizationError
from pipeline.quantization.frames import (
    EMPTY,
    INVALID,
    MAX_MAGNITUDE,
    MIN_MAGNITUDE,
    InputQuantization,
    aligned,
    empty_history,
    feature_frames,
    feature_history,
    quantize_frames,
    quantize_history,
)

INPUT = st.floats(-(2.0**63), 2.0**63, width=32)


@st.composite
def vectors(draw):
    """Float vectors over many decades, with and without an offset."""
    x = draw(arrays(np.float32, st.integers(1, 12), elements=st.one_of(INPUT, st.floats(-1, 1, width=32))))
    offset = np.float32(draw(st.sampled_from([0.0, 0.0, 1.0, -300.0, 1e5])))
    scale = np.float32(2.0 ** draw(st.integers(-80, 0)))
    return np.clip((x + offset) * scale, -(2.0**63), 2.0**63).astype(np.float32)


BAD = [np.nan, np.inf, -np.inf, MAX_MAGNITUDE, -MAX_MAGNITUDE, np.float32(3e38)]


@settings(deadline=None, max_examples=300)
@given(vectors())
def test_frames_are_within_half_a_step_and_need_no_clamp(x):
    frames = quantize_frames(x)
    assert np.all(np.abs(frames.codes) <= 127)
    assert abs(frames.zero) <= 1023
    assert frames.valid
    back = float(frames.step) * (frames.codes.astype(float) + int(frames.zero))
    allowed = 0.5 * float(frames.step) * (1 + 1e-3) if np.abs(x).max() >= MIN_MAGNITUDE else float(MIN_MAGNITUDE)
    assert np.all(np.abs(back - x) <= allowed)
    assert frames.step.view(np.int32) & 0x1FFF == 0


@settings(deadline=None, max_examples=300)
@given(vectors())
def test_the_step_is_no_wider_than_the_range_asks(x):
    frames = quantize_frames(x)
    span, magnitude = float(x.max()) - float(x.min()), float(np.abs(x).max())
    assert float(frames.step) <= max(span / 253, magnitude / 1023) * (1 + 2.0**-9)


@settings(deadline=None, max_examples=300)
@given(vectors())
def test_a_code_is_also_what_addition_of_a_large_constant_leaves(x):
    """Kernels round by adding 1.5 * 2**23; the zero goes with it."""
    frames = quantize_frames(x)
    if frames.step == 0:
        return
    inverse = np.float32(1) / frames.step
    bits = (x * inverse + (np.float32(12582912) - np.float32(frames.zero))).view(np.int32)
    np.testing.assert_array_equal(bits - 0x4B400000, frames.codes)


@settings(deadline=None, max_examples=300)
@given(vectors())
def test_history_codes_are_within_half_a_step_of_a_power_of_two(x):
    history = quantize_history(x)
    if np.abs(x).max() < MIN_MAGNITUDE:
        assert history.exponent == EMPTY
        return
    step = 2.0 ** float(history.exponent)
    assert history.zero == (128 if x.min() < 0 else 0)
    back = step * (history.codes.astype(float) - float(history.zero))
    assert np.all(np.abs(back - x) <= 0.5 * step)
    # half the step would not do
    limit = 127.5 if x.min() < 0 else 255.5
    assert np.abs(x).max() / (step / 2) >= limit


@pytest.mark.parametrize("bad", BAD)
def test_an_invalid_frame_is_noticed_anywhere(bad):
    for position in range(3):
        x = np.array([[1, -1, 2], [0, 3, 4]], np.float32)
        x[0, position] = bad
        assert quantize_frames(x).valid.tolist() == [False, True]
        history = quantize_history(x)
        assert history.exponent[0] == INVALID
        assert history.exponent[1] < 64


def test_frames_of_a_batch_do_not_see_each_other():
    x = (
        np.random.default_rng(0).normal(size=(3, 5, 7)).astype(np.float32)
        * np.exp2(np.arange(5, dtype=np.float32))[:, None]
    )
    together, history = quantize_frames(x), quantize_history(x)
    for place in np.ndindex(3, 5):
        alone, past = quantize_frames(x[place]), quantize_history(x[place])
        np.testing.assert_array_equal(together.codes[place], alone.codes)
        assert (together.step[place], together.zero[place]) == (alone.step, alone.zero)
        np.testing.assert_array_equal(history.codes[place], past.codes)
        assert (history.exponent[place], history.zero[place]) == (past.exponent, past.zero)


def test_zero_and_constant_frames():
    zeros = quantize_frames(np.array([0.0, -0.0, 1e-30, -1e-42], np.float32))
    assert (zeros.step, zeros.zero, zeros.valid) == (0, 0, True)
    assert not zeros.codes.any()
    for value in (1.0, -3.5, 1e18, -(2.0**-63)):
        constant = quantize_frames(np.full(3, value, np.float32))
        assert not constant.codes.any()
        assert abs(float(constant.step) * int(constant.zero) / value - 1) < 2.0**-10


def test_features_are_codes_already():
    features = np.array([-128, -1, 0, 127], np.int8)
    frames = feature_frames(features, InputQuantization(0.03125, -20))
    assert (float(frames.step), int(frames.zero), bool(frames.valid)) == (0.03125, 20, True)
    assert frames.codes.tolist() == [-128, -1, 0, 127]
    history = feature_history(features, InputQuantization(0.03125, -20))
    assert (history.codes.astype(int) - int(history.zero)).tolist() == [-108, 19, 20, 147]
    assert history.exponent == 0


@pytest.mark.parametrize("scale", [0.1, 0.0, -1.0, 2.0**17, 2.0**-17, np.nan, 1 + 2.0**-11])
def test_a_scale_that_kernels_would_round_is_refused(scale):
    with pytest.raises(QuantizationError, match="11 significant bits"):
        InputQuantization(scale, 0)


def test_a_zero_point_that_is_no_int8_is_refused():
    with pytest.raises(QuantizationError, match="zero point"):
        InputQuantization(1.0, 128)


@settings(deadline=None)
@given(st.lists(vectors(), min_size=1, max_size=5))
def test_a_window_aligns_exactly_but_for_what_is_far_below_it(frames):
    x = np.stack([np.resize(frame, 6) for frame in frames])
    history = quantize_history(x)
    values, unit, valid = aligned(history)
    assert valid
    assert np.all(np.abs(values) <= 32640)
    exact = np.ldexp(history.codes.astype(float) - history.zero[:, None], history.exponent[:, None].astype(int))
    counts = history.exponent >= int(history.exponent.max()) - 7
    np.testing.assert_array_equal(
        values[counts] * float(unit), np.where(history.exponent[counts, None] == EMPTY, 0, exact[counts])
    )
    assert not values[~counts].any()
    assert np.all(np.abs(exact[~counts]) < 128 * float(unit) + 1e-300)


def test_a_window_of_nothing_and_an_invalid_one():
    values, unit, valid = aligned(empty_history(4, 3))
    assert (values.any(), unit, valid) == (False, 0, True)
    values, unit, valid = aligned(quantize_history(np.array([[1, 2], [np.nan, 1]], np.float32)))
    assert (values.any(), valid) == (False, False)
