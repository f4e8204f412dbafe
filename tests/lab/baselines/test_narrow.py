"""Filters of 4 bits: which levels they have, and that a model with them computes what it did with 8."""

from __future__ import annotations

import numpy as np
import pytest

from lab.baselines.constants import constants
from lab.baselines.narrow import on_grid, with_narrow_filters
from pipeline.export.schema import schema
from pipeline.workflow.litert import run_in_litert


def test_fifteen_levels_of_each_channel() -> None:
    weights = np.array([[7.0, -0.35], [-3.4, 0.1], [0.6, 0.03]], np.float32).reshape(3, 1, 1, 2)
    # steps of 1 and of 0.05
    wanted = np.array([[7, -0.35], [-3, 0.1], [1, 0.05]])
    assert np.allclose(on_grid(weights).reshape(3, 2), wanted)
    assert not on_grid(np.zeros((2, 1, 1, 3), np.float32)).any()


@pytest.fixture(scope="module")
def filters() -> np.ndarray:
    """[1, 1, 3, 2], an odd number to a channel."""
    return np.array([[0.7, -1.4], [-0.1, 0.2], [0.3, 1.2]], np.float32).reshape(1, 1, 3, 2)


@pytest.fixture(scope="module")
def wide(filters: np.ndarray) -> bytes:
    return converted(filters)


def converted(filters: np.ndarray) -> bytes:
    import tensorflow as tf

    class Layer(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((1, 4, 1, 3), tf.float32)])
        def step(self, x):
            return tf.nn.bias_add(tf.nn.conv2d(x, filters, [1, 1, 1, 1], "VALID"), np.array([0.5, -2], np.float32))

    layer = Layer()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([layer.step.get_concrete_function()], layer)
    rng = np.random.default_rng(0)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: (
        [rng.uniform(-1, 1, (1, 4, 1, 3)).astype(np.float32)] for _ in range(50)
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return bytes(converter.convert())


def test_a_narrow_model_answers_like_the_wide_one(wide: bytes) -> None:
    rng = np.random.default_rng(1)
    codes = rng.integers(-128, 128, (200, 4, 1, 3)).astype(np.int8)
    first, second = (run_in_litert(model, codes) for model in (wide, with_narrow_filters(wide)))
    # the wide codes are levels of 127 / 7, rounded: three of them are off by at most half a code of 127 each
    assert np.abs(first - second).max() <= 2
    assert first.std() > 20


def test_two_codes_lie_in_a_byte_and_steps_grow_with_them(wide: bytes) -> None:
    model = schema().ModelT.InitFromPackedBuf(with_narrow_filters(wide))
    (filters,) = [tensor for tensor in model.subgraphs[0].tensors if tensor.type == schema().TensorType.INT4]
    # channel by channel: 7 -1 3 and -7 1 6, low half first
    assert bytes(model.buffers[filters.buffer].data) == bytes([0xF7, 0x93, 0x61])
    assert np.allclose(filters.quantization.scale, [0.1, 0.2], rtol=1e-3)
    (bias,) = [tensor for tensor in model.subgraphs[0].tensors if tensor.type == schema().TensorType.INT32]
    sums = np.frombuffer(bytes(model.buffers[bias.buffer].data), np.int32)
    assert np.allclose(sums * np.asarray(bias.quantization.scale), [0.5, -2], atol=2e-3)
    # 3 bytes, and of two channels a bias and a step each
    assert constants(with_narrow_filters(wide)).bytes == 3 + 2 * 4 + 2 * 4


def test_weights_that_need_more_than_four_bits_are_refused() -> None:
    with pytest.raises(ValueError, match="15 levels"):
        with_narrow_filters(converted(np.linspace(-1, 0.9, 6, dtype=np.float32).reshape(1, 1, 3, 2)))
