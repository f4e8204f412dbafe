"""Keras layers that look back in time have the bits of the numpy reference, step by step."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.errors import QuantizationError
from pipeline.layers import Rows
from pipeline.quantization import InputQuantization, quantize_history
from pipeline.training.layers import (
    ClipRows,
    DynqAdd,
    DynqFilter,
    DynqMean,
    fake_quantize_history,
    fake_quantize_taps,
)

FEATURES = InputQuantization(0.05078125, -20)
STEPS, CHANNELS = 9, 3
VALUES = st.one_of(
    st.floats(-4, 4, width=32),
    st.floats(width=32, allow_nan=True, allow_infinity=True, allow_subnormal=True),
    st.sampled_from([0.0, 1.0, -1.0, 127.5, 255.5, 255.4, -127.5, 2.0**-64, 2.0**-65, 2.0**63]),
)
# what layers give each other is never subnormal (TensorFlow's threads may take that for 0), and nor are sums of it
CLIPS = arrays(np.float32, (2, STEPS, CHANNELS), elements=VALUES.filter(lambda v: not 0 < abs(v) < 2.0**-126))
OUTPUTS = arrays(np.float32, (2, STEPS, CHANNELS), elements=VALUES.filter(lambda v: not 0 < abs(v) < 2.0**-64))
TAPS = st.floats(-(2.0**13), 2.0**13, width=32)


def bits_of(x) -> np.ndarray:
    return np.asarray(x, np.float32).view(np.uint32)


def stepped(layer, *clips) -> np.ndarray:
    """The numpy reference, one step after another: float32 ``[B, T, outputs]``."""
    answers = []
    for rows in zip(*clips, strict=True):
        state, outputs = layer.initial_state(), []
        for signals in zip(*rows, strict=True):
            state, y = layer.step(state, *signals)
            outputs.append(y)
        answers.append(outputs)
    return np.array(answers, np.float32)


def built(layer, *shapes):
    layer.build(list(shapes) if len(shapes) > 1 else shapes[0])
    return layer


@settings(max_examples=30, deadline=None)
@given(
    x=CLIPS,
    taps=st.integers(1, 4).flatmap(lambda n: arrays(np.float32, (n, CHANNELS), elements=TAPS)),
    bias=arrays(np.float32, CHANNELS, elements=TAPS),
    dilation=st.integers(1, 3),
    relu=st.booleans(),
)
def test_a_filter_has_the_bits_of_the_reference_at_every_step(x, taps, bias, dilation, relu):
    layer = built(DynqFilter(len(taps), 8, dilation, "relu" if relu else None), x.shape)
    layer.set_weights([taps, bias])
    with np.errstate(all="ignore"):
        want = stepped(layer.quantized("filter"), x)
    assert np.array_equal(bits_of(layer(x)), bits_of(want))


def test_a_graph_has_the_bits_of_the_reference():
    x = np.random.default_rng(1).normal(size=(5, STEPS, CHANNELS)).astype(np.float32)
    layer = built(DynqFilter(3, 8, 2), x.shape)
    graph = tf.function(lambda v: layer(v, training=False))
    assert np.array_equal(bits_of(graph(x)), bits_of(stepped(layer.quantized("filter"), x)))


@settings(max_examples=30, deadline=None)
@given(x=CLIPS, frames=st.integers(1, 12))
def test_a_mean_has_the_bits_of_the_reference_at_the_end_of_a_clip(x, frames):
    layer = built(DynqMean(frames, 8), x.shape)
    with np.errstate(all="ignore"):
        want = stepped(layer.quantized("mean"), x)[:, -1]
    assert np.array_equal(bits_of(layer(x)), bits_of(want))


@settings(max_examples=30, deadline=None)
@given(x=OUTPUTS, other=OUTPUTS, relu=st.booleans())
def test_a_sum_has_the_bits_of_the_reference(x, other, relu):
    layer = built(DynqAdd(2, 8, "relu" if relu else None), x.shape, other.shape)
    with np.errstate(all="ignore"):
        want = stepped(layer.quantized("add"), x, other)
    got = np.asarray(layer([x, other]))
    assert np.array_equal(np.isnan(got), np.isnan(want))
    assert np.array_equal(bits_of(got)[~np.isnan(want)], bits_of(want)[~np.isnan(want)])


def test_a_filter_takes_features_as_the_codes_they_are():
    rng = np.random.default_rng(0)
    features = rng.integers(-128, 128, (4, STEPS, 20), np.int8)
    layer = built(DynqFilter(5, 8, 2, None, (FEATURES.scale, FEATURES.zero_point)), features.shape)
    layer.bias.assign(rng.normal(size=20))
    reference = layer.quantized("filter")
    want = stepped(reference, [[Rows(row, FEATURES) for row in clip] for clip in features])
    assert np.array_equal(bits_of(layer(features)), bits_of(want))


@pytest.mark.parametrize(("rows", "stride"), [(3, 2), (1, 1), (2, 2), (5, 3)])
def test_each_step_sees_its_newest_rows_and_zeros_before_the_first(rows, stride):
    clip = np.arange(1, 12 * 4 + 1, dtype=np.int8).reshape(1, 12, 4)
    got = np.asarray(ClipRows(4, rows, stride)(clip.reshape(1, -1)))
    before = np.concatenate([np.zeros((rows, 4), np.int8), clip[0]])
    want = [before[end : end + rows].reshape(-1) for end in range(stride, 13, stride)]
    assert np.array_equal(got[0], want)
    assert got.dtype == np.int8


def test_training_forward_is_inference_up_to_rounding_and_gradients_pass_straight_through():
    keras.utils.set_random_seed(2)
    rng = np.random.default_rng(2)
    x = np.maximum(rng.normal(size=(4, 12, 6)), 0).astype(np.float32)
    layer = built(DynqFilter(3, 8, 2), x.shape)
    np.testing.assert_allclose(layer(x, training=True), layer(x, training=False), atol=2e-3)
    mean = built(DynqMean(4, 8), x.shape)
    np.testing.assert_allclose(mean(x, training=True), mean(x, training=False), atol=2e-2)
    for quantizer, value in ((fake_quantize_taps, layer.kernel), (fake_quantize_history, tf.Variable(x))):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(quantizer(tf.convert_to_tensor(value)) * 3.0)
        assert np.all(tape.gradient(loss, value).numpy() == 3.0)


@pytest.mark.parametrize("low", [0, -3])
def test_the_fake_quantizer_of_frames_gives_the_points_of_the_reference(low):
    x = np.random.default_rng(3).uniform(low, 3, (50, 8)).astype(np.float32)
    kept = quantize_history(x)
    points = np.ldexp(kept.codes.astype(float) - kept.zero[:, None], kept.exponent.astype(int)[:, None])
    np.testing.assert_array_equal(fake_quantize_history(x), points)


def test_a_float_filter_is_an_ordinary_causal_convolution():
    rng = np.random.default_rng(4)
    x = rng.normal(size=(2, 10, 5)).astype(np.float32)
    layer = built(DynqFilter(3, None, 2, "relu"), x.shape)
    taps = layer.kernel.numpy()[::-1, None, :, None].transpose(1, 0, 2, 3)  # keras puts the oldest first
    same = keras.ops.depthwise_conv(np.pad(x, ((0, 0), (4, 0), (0, 0)))[:, None], taps, 1, "valid", None, (1, 2))
    np.testing.assert_allclose(layer(x), np.maximum(np.asarray(same)[:, 0], 0), rtol=1e-4, atol=1e-5)


def test_settings_the_method_does_not_know_are_refused():
    with pytest.raises(QuantizationError, match="8 bits"):
        DynqFilter(3, 4)
    with pytest.raises(QuantizationError, match="input shape"):
        built(DynqFilter(3, 8), (None, 4))
