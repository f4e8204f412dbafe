"""The column quantizer has the properties that docs/method.md promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from pipeline.errors import QuantizationError
from pipeline.quantization import half
from pipeline.quantization.columns import MAX_OFFSET, PARAMETER_BOUND, Columns, quantize_columns, sum_shift

WEIGHT = st.floats(-(2.0**13), 2.0**13, width=32)
BITS = st.integers(2, 8)


@st.composite
def matrices(draw):
    """Weights and bias, from subnormal to large, constant columns included."""
    k, n = draw(array_shapes(min_dims=2, max_dims=2, max_side=8))
    magnitude = 2.0 ** draw(st.integers(-20, 0))
    w = draw(arrays(np.float32, (k, n), elements=WEIGHT))
    return w * np.float32(magnitude), draw(arrays(np.float32, n, elements=WEIGHT))


def values(columns: Columns) -> np.ndarray:
    return columns.step.astype(np.float64) * (columns.codes + columns.offset / 256)


@settings(deadline=None)
@given(matrices(), BITS)
def test_weights_are_within_half_a_step(parameters, bits):
    weights, bias = parameters
    columns = quantize_columns(weights, bias, bits)
    step = columns.step.astype(np.float64)
    # half a step, and where the offset's own rounding moves the ends out of reach, half a 256th more
    assert np.all(np.abs(values(columns) - weights) <= (0.5 + 1 / 512) * step * (1 + 1e-9))
    assert np.all(np.abs(columns.bias - bias.astype(np.float64)) <= np.abs(bias) * 2.0**-11 + half.MIN_STEP)


@settings(deadline=None)
@given(matrices(), BITS)
def test_the_step_is_the_range_s_where_zero_lies_within_it(parameters, bits):
    weights = np.concatenate([parameters[0], -np.abs(parameters[0][:1]), np.abs(parameters[0][:1])])
    weights -= weights.mean(axis=0)  # so that sums stay small
    columns = quantize_columns(weights, parameters[1], bits)
    exact = (weights.max(axis=0).astype(float) - weights.min(axis=0)) / (2**bits - 1)
    ordinary = exact >= half.MIN_STEP
    assert np.all(columns.step[ordinary] >= exact[ordinary])
    # at 8 bits the offset is at most 127 steps, so the widest side may add one step in 255
    assert np.all(columns.step[ordinary] <= exact[ordinary] * (1 + 2.0**-10) * (1 + (bits == 8) / 127))
    assert np.all(columns.step[~ordinary] >= half.MIN_STEP)


@settings(deadline=None)
@given(matrices(), BITS, st.integers(1, 4096))
def test_parameters_fit_16_bits_and_the_sum_is_that_of_the_values(parameters, bits, inputs):
    rows = np.resize(np.arange(len(parameters[0])), inputs)
    columns = quantize_columns(parameters[0][rows], parameters[1], bits)
    assert np.all(np.abs(columns.offset.astype(int)) <= MAX_OFFSET * 256)
    exact = (columns.codes + columns.offset / 256).sum(axis=0) * 2 ** sum_shift(bits)
    assert np.all(np.abs(exact - columns.sum) <= 0.5)  # so it did not wrap either
    assert columns.codes.min() >= -(2 ** (bits - 1))
    assert columns.codes.max() < 2 ** (bits - 1)


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0, 0.3, -7.0, 16383.0, -16383.0, 2.0**-30])
@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("inputs", [1, 64, 4096])
def test_constant_columns_need_no_rule_of_their_own(value, bits, inputs):
    columns = quantize_columns(np.full((inputs, 1), value, np.float32), [0], bits)
    assert abs(values(columns)[0, 0] - value) <= 0.51 * columns.step[0]
    if value == 0:
        assert not values(columns).any()
        assert not columns.sum.any()


@settings(deadline=None)
@given(matrices(), BITS, st.integers(-4, 4))
def test_columns_do_not_see_each_other_and_powers_of_two_scale_exactly(parameters, bits, power):
    weights = np.clip(parameters[0], -512, 512)
    weights = np.where(np.abs(weights) < 2.0**-8, 0, np.round(weights, 2)).astype(np.float32)
    bias = np.zeros_like(parameters[1])
    whole = quantize_columns(weights, bias, bits)
    scaled = quantize_columns(weights * np.float32(2.0**power), bias, bits)
    free = (whole.step > 2.0**-9) & (scaled.step > 2.0**-9)  # of the least step
    np.testing.assert_array_equal(whole.codes[:, free], scaled.codes[:, free])
    np.testing.assert_array_equal(whole.offset[free], scaled.offset[free])
    np.testing.assert_array_equal(whole.step[free] * np.float32(2.0**power), scaled.step[free].astype(np.float32))
    for j in range(weights.shape[1]):
        alone = quantize_columns(weights[:, j : j + 1], bias[:1], bits)
        np.testing.assert_array_equal(alone.codes[:, 0], whole.codes[:, j])
        assert (alone.step[0], alone.offset[0], alone.sum[0]) == (whole.step[j], whole.offset[j], whole.sum[j])


def test_half_precision_rounds_up_and_to_nearest():
    given = np.array([1.0, 1.0 + 2.0**-30, 1.0 + 2.0**-10, 2.0 - 2.0**-12, 2.0**-14, 65472.0])
    assert half.up(given).tolist() == [1.0, 1.0 + 2.0**-10, 1.0 + 2.0**-10, 2.0, 2.0**-14, 65472.0]
    assert half.nearest([0.0, -0.0, 2.0**-15, -(2.0**-15), 1 + 2.0**-11, -3.0]).tolist() == [0, 0, 0, 0, 1, -3]
    assert not np.signbit(half.nearest([-0.0, -(2.0**-20)])).any()


@pytest.mark.parametrize(
    ("weights", "bias", "bits"),
    [
        (np.ones((2, 2)), np.zeros(2), 1),
        (np.ones((2, 2)), np.zeros(2), 9),
        (np.ones((2, 2)), np.zeros(3), 4),
        (np.ones(2), np.zeros(2), 4),
        (np.zeros((0, 2)), np.zeros(2), 4),
        (np.full((2, 2), np.nan), np.zeros(2), 4),
        (np.full((2, 2), PARAMETER_BOUND), np.zeros(2), 4),
        (np.ones((2, 2)), np.full(2, -np.inf), 4),
        (np.ones((4097, 1)), np.zeros(1), 4),
    ],
)
def test_what_the_method_cannot_represent_is_refused(weights, bias, bits):
    with pytest.raises(QuantizationError):
        quantize_columns(weights, bias, bits)
