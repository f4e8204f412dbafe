"""The numpy reference has the properties that docs/method.md promises."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from pipeline.errors import QuantizationError
from pipeline.quantization import (
    CANONICAL_NAN,
    MAX_INPUT,
    MAX_PARAMETER,
    MIN_RANGE,
    Frame,
    fully_connected,
    quantize_columns,
    quantize_frame,
    softmax,
)

PARAMETER = st.floats(-(2.0**31), 2.0**31, width=32)
INPUT = st.floats(-(2.0**63), 2.0**63, width=32)
BITS = st.integers(2, 8)
EPS = float(np.finfo(np.float32).eps)
pytestmark = pytest.mark.filterwarnings("ignore:overflow", "ignore:underflow", "ignore:invalid")


@st.composite
def matrices(draw):
    """Weights and bias, from subnormal to huge, constant columns included."""
    k, n = draw(array_shapes(min_dims=2, max_dims=2, max_side=8))
    return draw(arrays(np.float32, (k, n), elements=PARAMETER)), draw(arrays(np.float32, n, elements=PARAMETER))


@settings(deadline=None)
@given(parameters=matrices(), bits=BITS)
def test_columns_are_within_half_a_step_and_their_extremes_keep_their_codes(parameters, bits):
    weights, bias = parameters
    layer = quantize_columns(weights, bias, bits)
    back = layer.offset.astype(np.float64) + layer.scale.astype(np.float64) * layer.codes
    magnitude = np.abs(weights).max(axis=0).astype(np.float64)
    assert np.all(
        np.abs(back - weights) <= 0.5 * layer.scale.astype(np.float64) * (1 + 1e-4) + 4 * EPS * magnitude + MIN_RANGE
    )
    varies = layer.scale > 0
    lowest, highest = weights.argmin(axis=0), weights.argmax(axis=0)
    columns = np.arange(weights.shape[1])
    assert np.all(layer.codes[lowest, columns] == 0)
    assert np.all(layer.codes[highest, columns] == np.where(varies, 2**bits - 1, 0))
    assert np.array_equal(layer.offset, weights.min(axis=0))


@settings(deadline=None)
@given(parameters=matrices(), bits=BITS)
def test_a_quantized_matrix_quantizes_to_nearly_itself(parameters, bits):
    weights, bias = parameters
    once = quantize_columns(weights, bias, bits)
    again = quantize_columns(once.offset + once.scale * once.codes, bias, bits)
    coarse = np.abs(weights).max(axis=0) < 1e5 * once.scale  # elsewhere float32 cannot tell neighbouring levels apart
    assert np.array_equal(once.codes[:, coarse], again.codes[:, coarse])


@settings(deadline=None)
@given(parameters=matrices(), bits=BITS, power=st.integers(-8, 8))
def test_columns_do_not_see_each_other_and_scaling_by_a_power_of_two_is_exact(parameters, bits, power):
    weights = np.where(np.abs(parameters[0]) < 2.0**-40, 0, np.clip(parameters[0], -(2.0**20), 2.0**20)).astype(
        np.float32
    )
    bias = np.zeros_like(parameters[1])
    factor = np.float32(2.0**power)
    whole, scaled = quantize_columns(weights, bias, bits), quantize_columns(weights * factor, bias, bits)
    assert np.array_equal(whole.codes, scaled.codes)
    assert np.array_equal(whole.scale * factor, scaled.scale)
    for j in range(weights.shape[1]):
        alone = quantize_columns(weights[:, j : j + 1], bias[:1], bits)
        assert np.array_equal(alone.codes[:, 0], whole.codes[:, j])
        assert alone.column_sum[0] == whole.column_sum[j]


@settings(deadline=None)
@given(x=arrays(np.float32, st.integers(1, 12), elements=INPUT))
def test_frames_are_within_half_a_step(x):
    frame = quantize_frame(x)
    assert frame.valid
    assert np.all(np.abs(frame.codes) <= 127)
    back = float(frame.offset) + float(frame.scale) * frame.codes
    assert np.all(np.abs(back - x) <= 0.5 * float(frame.scale) * (1 + 1e-4) + 4 * EPS * np.abs(x).max() + MIN_RANGE)


@given(value=INPUT, k=st.integers(1, 9))
def test_constant_frames_and_columns_are_exact(value, k):
    frame = quantize_frame(np.full(k, value, np.float32))
    assert (frame.scale, frame.offset) == (0, np.float32(value))
    assert not frame.codes.any()
    layer = quantize_columns(np.full((k, 2), 0.3, np.float32), np.zeros(2, np.float32), 4)
    assert not layer.codes.any()
    assert not layer.scale.any()
    y = fully_connected(layer, quantize_frame(np.full(k, 2, np.float32)))
    assert np.array_equal(y, np.full(2, np.float32(2) * np.float32(k * float(np.float32(0.3)))))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, MAX_INPUT, -MAX_INPUT, np.float32(3e38)])
def test_invalid_frames_are_the_canonical_nan_all_the_way(bad):
    frame = quantize_frame(np.array([1, bad, 2], np.float32))
    assert not frame.valid
    layer = quantize_columns(np.ones((3, 2)), np.zeros(2), 8)
    y = fully_connected(layer, frame, relu=True)
    assert np.all(y.view(np.uint32) == CANONICAL_NAN.view(np.uint32))
    assert not quantize_frame(y).valid


@settings(deadline=None, max_examples=60)
@given(parameters=matrices(), bits=BITS, data=st.data())
def test_no_valid_frame_overflows_and_the_layer_is_the_sum_it_stands_for(parameters, bits, data):
    weights, bias = parameters
    layer = quantize_columns(weights, bias, bits)
    x = data.draw(arrays(np.float32, len(weights), elements=INPUT))
    frame = quantize_frame(x)
    y = fully_connected(layer, frame)
    assert np.all(np.isfinite(y))
    w = layer.offset.astype(np.float64) + layer.scale.astype(np.float64) * layer.codes
    v = float(frame.offset) + float(frame.scale) * frame.codes
    # rounding errors are relative to the terms, not to their sum
    terms = (
        np.abs(v).max()
        * (np.abs(layer.offset) + layer.scale.astype(np.float64) * 255).astype(np.float64)
        * len(weights)
    )
    spread = (
        (abs(float(frame.offset)) + 127 * float(frame.scale))
        * 3
        * len(weights)
        * (np.abs(layer.offset.astype(np.float64)) + layer.scale.astype(np.float64) * 2**bits)
    )
    assert np.all(np.abs(y - (v @ w + layer.bias)) <= 16 * EPS * (terms + spread + np.abs(bias) + 1e-30))


@given(data=st.data(), k=st.integers(1, 64))
def test_the_integer_dot_product_is_exact(data, k):
    codes = data.draw(arrays(np.int32, k, elements=st.integers(-127, 127)))
    weights = data.draw(arrays(np.uint8, (k, 2), elements=st.integers(0, 255)))
    layer = dataclasses.replace(
        quantize_columns(np.ones((k, 2)), np.zeros(2), 8),
        codes=weights,
        scale=np.ones(2, np.float32),
        offset=np.zeros(2, np.float32),
    )
    y = fully_connected(layer, Frame(codes, np.float32(1), np.float32(0)))
    assert np.array_equal(
        y, [sum(int(c) * int(w) for c, w in zip(codes, weights[:, j], strict=True)) for j in range(2)]
    )


def test_the_widest_layer_at_its_extremes_is_exact():
    k = 4096
    layer = dataclasses.replace(
        quantize_columns(np.ones((k, 1)), np.zeros(1), 8),
        codes=np.full((k, 1), 255, np.uint8),
        scale=np.ones(1, np.float32),
        offset=np.zeros(1, np.float32),
    )
    for sign in (1, -1):
        y = fully_connected(layer, Frame(np.full(k, sign * 127, np.int32), np.float32(1), np.float32(0)))
        assert y[0] == np.float32(sign * 132_648_960)


def test_bias_is_never_negative_zero_and_neither_is_an_output():
    layer = quantize_columns(np.array([[1.0], [-1.0]]), np.array([-0.0]), 4)
    assert not np.signbit(layer.bias[0])
    zero = quantize_columns(np.zeros((2, 1)), np.array([-0.0]), 4)
    assert not np.signbit(fully_connected(zero, quantize_frame(np.array([-1.0, -2.0]))))[0]


@pytest.mark.parametrize(
    ("weights", "bias", "bits"),
    [
        (np.ones((2, 2)), np.zeros(2), 1),
        (np.ones((2, 2)), np.zeros(2), 9),
        (np.ones((2, 2)), np.zeros(3), 4),
        (np.ones(2), np.zeros(2), 4),
        (np.zeros((0, 2)), np.zeros(2), 4),
        (np.full((2, 2), np.nan), np.zeros(2), 4),
        (np.full((2, 2), MAX_PARAMETER), np.zeros(2), 4),
        (np.ones((2, 2)), np.full(2, -np.inf), 4),
        (np.ones((4097, 1)), np.zeros(1), 4),
    ],
)
def test_what_the_method_cannot_represent_is_refused(weights, bias, bits):
    with pytest.raises(QuantizationError):
        quantize_columns(weights, bias, bits)


def test_more_bits_are_closer_to_the_float_product():
    rng = np.random.default_rng(1)
    weights, x = rng.normal(size=(200, 50)), rng.normal(size=200).astype(np.float32)
    errors = [
        np.abs(fully_connected(quantize_columns(weights, np.zeros(50), bits), quantize_frame(x)) - x @ weights).mean()
        for bits in (2, 3, 4, 5, 6, 8)
    ]
    assert errors == sorted(errors, reverse=True)


@given(x=arrays(np.float32, (2, 5), elements=st.floats(-1e4, 1e4, width=32)))
def test_softmax_is_a_distribution_in_the_order_of_its_input(x):
    p = softmax(x)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
    assert np.all(p.argmax(axis=1) == x.argmax(axis=1)) or np.any(np.isclose(np.sort(p)[:, -1], np.sort(p)[:, -2]))
