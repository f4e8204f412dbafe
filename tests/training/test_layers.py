"""The Keras layer in inference mode has the bits of the numpy reference, however it is called."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.errors import QuantizationError
from pipeline.layers import Dense, Rows
from pipeline.quantization import InputQuantization, dense, quantize_columns, quantize_frames
from pipeline.training import exact
from pipeline.training.layers import DynqDense, fake_quantize_columns, fake_quantize_frames

FEATURES = InputQuantization(0.05078125, -20)
EXTREMES = st.floats(width=32, allow_nan=True, allow_infinity=True, allow_subnormal=True)
NARROW_RANGES = {k: arrays(np.float32, (3, k), elements=st.floats(1, 1.0000152587890625, width=32)) for k in (1, 7)}
PARAMETERS = st.one_of(
    st.floats(-(2.0**13), 2.0**13, width=32, allow_subnormal=True), st.floats(-(2.0**-12), 2.0**-12, width=32)
)


def infer(x, kernel, bias, bits):
    return exact.dense(exact.quantize_frames(exact.widen(x)), exact.quantize_columns(kernel, bias, bits), False)


# graphs run on TensorFlow's worker threads, which flush subnormal numbers
INFER = tf.function(infer)
ROUNDED = tf.function(exact.rounded)


def bits_of(x) -> np.ndarray:
    return np.asarray(x, np.float32).view(np.uint32)


def stack(weight_bits, sizes=(30, 21, 9, 5), seed=0) -> keras.Sequential:
    rng = np.random.default_rng(seed)
    model = keras.Sequential([keras.Input((sizes[0],), dtype="int8")])
    for i, units in enumerate(sizes[1:]):
        last = i == len(sizes) - 2
        model.add(
            DynqDense(
                units,
                weight_bits,
                None if last else "relu",
                (FEATURES.scale, FEATURES.zero_point) if i == 0 else None,
            )
        )
    for layer in model.layers:
        layer.bias.assign(rng.normal(size=layer.units) * 0.1)
    return model


def reference(model, features) -> np.ndarray:
    rows = []
    for row in features:
        x = Rows(row, FEATURES)
        for layer in model.layers:
            kernel, bias, relu = layer.kernel.numpy(), layer.bias.numpy(), layer.activation == "relu"
            x = Dense.quantized(layer.name, kernel, bias, layer.weight_bits, relu=relu).step(None, x)[1]
        rows.append(x)
    return np.stack(rows)


@pytest.mark.parametrize("weight_bits", [2, 3, 4, 8])
def test_eager_graph_and_predict_have_the_bits_of_the_reference(weight_bits):
    model = stack(weight_bits)
    features = np.random.default_rng(1).integers(-128, 128, (300, 30), np.int8)
    want = bits_of(reference(model, features))
    graph = tf.function(lambda x: model(x, training=False))
    assert np.array_equal(bits_of(model(features)), want)
    assert np.array_equal(bits_of(graph(features)), want)
    assert np.array_equal(bits_of(model.predict(features, verbose=0)), want)


@settings(max_examples=100, deadline=None)
@given(data=st.data(), bits=st.sampled_from([2, 4, 8]), shape=st.sampled_from([(1, 2), (7, 3)]))
def test_one_layer_on_extreme_numbers(data, bits, shape):
    k, n = shape
    kernel = data.draw(arrays(np.float32, (k, n), elements=PARAMETERS))
    bias = data.draw(arrays(np.float32, n, elements=PARAMETERS))
    x = data.draw(st.one_of(arrays(np.float32, (3, k), elements=EXTREMES), NARROW_RANGES[k]))
    layer = quantize_columns(kernel, bias, bits)
    with np.errstate(all="ignore"):
        want = dense(layer, quantize_frames(x))
    arguments = (tf.constant(x), tf.constant(kernel), tf.constant(bias), bits)
    assert np.array_equal(bits_of(infer(*arguments)), bits_of(want))
    assert np.array_equal(bits_of(INFER(*arguments)), bits_of(want))


@settings(max_examples=200, deadline=None)
@given(x=st.one_of(st.floats(-(2.0**100), -(2.0**-100)), st.floats(2.0**-100, 2.0**100)))
def test_rounding_is_that_of_numpy(x):
    with np.errstate(under="ignore"):
        assert ROUNDED(tf.constant(x, tf.float64)).numpy() == np.float64(np.float32(x))


def test_invalid_frames_answer_the_canonical_nan_and_leave_their_neighbours_alone():
    layer = DynqDense(3, 4)
    layer.build((None, 4))
    good = np.array([0.1, -2, 3, 0.5], np.float32)
    rows = np.stack([good, good * np.nan, [1, 2, np.inf, 0], [0, 0, 0, 2.0**64], good]).astype(np.float32)
    y = bits_of(layer(rows))
    assert np.all(y[1:4] == 0x7FC00000)
    assert np.array_equal(y[0], y[4])
    assert np.all(np.isfinite(y[0].view(np.float32)))


def test_training_forward_is_inference_up_to_rounding_and_gradients_pass_straight_through():
    model = stack(4)
    features = np.random.default_rng(2).integers(-127, 128, (64, 30), np.int8)
    simulated, exactly = model(features, training=True).numpy(), model(features, training=False).numpy()
    # training does without the rounding of biases and column sums, which moves some codes of later layers
    assert np.abs(simulated - exactly).max() < 0.1 * exactly.std()
    assert np.sqrt(np.mean((simulated - exactly) ** 2)) < 0.03 * exactly.std()
    kernel = tf.Variable(np.random.default_rng(3).normal(size=(6, 2)).astype(np.float32))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(fake_quantize_columns(kernel, 2) * 3.0)
    assert np.all(tape.gradient(loss, kernel).numpy() == 3.0)


def test_fake_quantizers_give_the_points_of_the_reference():
    rng = np.random.default_rng(4)
    kernel, x = rng.normal(size=(40, 7)).astype(np.float32), rng.normal(size=(5, 40)).astype(np.float32)
    for bits in (2, 4, 8):
        q = quantize_columns(kernel, np.zeros(7), bits)
        np.testing.assert_allclose(fake_quantize_columns(kernel, bits), q.values, atol=1e-6)
    frames = quantize_frames(x)
    points = frames.step[:, None] * (frames.codes + frames.zero[:, None])
    np.testing.assert_allclose(fake_quantize_frames(x), points, atol=1e-6)


def test_constant_columns_and_frames_need_no_rule_of_their_own():
    kernel = np.full((5, 2), 0.3, np.float32)
    np.testing.assert_allclose(fake_quantize_columns(kernel, 2), kernel, rtol=2.0**-9)
    np.testing.assert_allclose(fake_quantize_frames(np.full((1, 5), -7, np.float32)), -7, rtol=2.0**-10)


class Subclassed(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.first = DynqDense(6, 2, activation="relu", input_quantization=(0.125, 3))
        self.second = DynqDense(3, 2)

    def call(self, x, training=False):
        return self.second(self.first(x, training=training), training=training)


def functional() -> keras.Model:
    x = keras.Input((10,), dtype="int8")
    return keras.Model(x, DynqDense(3, 2)(DynqDense(6, 2, activation="relu", input_quantization=(0.125, 3))(x)))


@pytest.mark.parametrize("make", [Subclassed, functional])
def test_other_kinds_of_model_train_save_and_load(make, tmp_path):
    rng = np.random.default_rng(5)
    features, labels = rng.integers(-127, 128, (64, 10), np.int8), rng.integers(0, 3, 64)
    model = make()
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    before = bits_of(model(features))
    model.fit(features, labels, epochs=2, verbose=0)
    after = bits_of(model(features))
    assert not np.array_equal(before, after)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", custom_objects={"Subclassed": Subclassed})
    assert np.array_equal(bits_of(loaded.predict(features, verbose=0)), after)


def test_the_float_twin_is_an_ordinary_dense_layer():
    layer = DynqDense(4, None, activation="relu")
    x = np.random.default_rng(6).normal(size=(3, 5)).astype(np.float32)
    layer.build((None, 5))
    want = np.maximum(x @ layer.kernel.numpy() + layer.bias.numpy(), 0)
    np.testing.assert_allclose(layer(x), want, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "arguments",
    [
        {"weight_bits": 1},
        {"weight_bits": 9},
        {"weight_bits": 4, "activation": "tanh"},
    ],
)
def test_settings_the_method_does_not_know_are_refused(arguments):
    with pytest.raises(QuantizationError):
        DynqDense(3, **arguments)
