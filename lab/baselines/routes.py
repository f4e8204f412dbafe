"""The float network as TensorFlow has it, and the ways from there to a small ``.tflite``. Needs the legacy Keras."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_model_optimization as tfmot
import tf_keras as keras
from numpy.typing import NDArray
from tensorflow_model_optimization.python.core.quantization.keras.default_8bit import (
    default_8bit_quantize_registry as convolutions,
)

from lab.baselines.inputs import BaselineInputs
from lab.baselines.narrow import on_grid, with_narrow_filters
from lab.baselines.network import FloatNetwork

CALIBRATION_CLIPS = 500


def window_model(network: FloatNetwork) -> Any:
    """The network over a whole window ``[B, window_rows, 1, bands]``: logits ``[B, labels]``.

    Steps that the answer does not depend on are not computed.
    """
    layers, channels = keras.layers, network.channels
    given = layers.Input((network.window_rows, 1, network.bands))
    x = layers.Conv2D(channels, (network.rows, 1), (network.stride, 1), activation="relu", name="stem")(given)
    for i, ((steps, zeros), (taps, _)) in enumerate(zip(network.spans(), network.filters, strict=True)):
        x = _newest(x, steps + len(taps) - 1 - zeros)
        y = layers.ZeroPadding2D(((zeros, 0), (0, 0)))(x) if zeros else x
        y = layers.DepthwiseConv2D((len(taps), 1), name=f"filter_{i}")(y)
        y = layers.Conv2D(channels, 1, name=f"mix_{i}")(y)
        x = layers.ReLU()(layers.Add()([y, _newest(x, steps)]))
    x = layers.Flatten()(layers.AveragePooling2D((network.pooling, 1))(x))
    model = keras.Model(given, layers.Dense(len(network.output[1]), name="logits")(x))
    for name, weights in _kernels(network).items():
        model.get_layer(name).set_weights(weights)
    return model


def _newest(x: Any, steps: int) -> Any:
    surplus = x.shape[1] - steps
    return keras.layers.Cropping2D(((surplus, 0), (0, 0)))(x) if surplus else x


def _kernels(network: FloatNetwork) -> dict[str, list[NDArray[np.float32]]]:
    """Kernel and bias of every layer in TensorFlow's layout."""
    channels, (stem, bias) = network.channels, network.stem
    found = {"stem": [stem.reshape(network.rows, 1, network.bands, channels), bias], "logits": [*network.output]}
    for i, (taps, bias) in enumerate(network.filters):
        found[f"filter_{i}"] = [taps[::-1].reshape(-1, 1, channels, 1), bias]  # its first tap meets the oldest step
    for i, (mix, bias) in enumerate(network.mixes):
        found[f"mix_{i}"] = [mix.reshape(1, 1, channels, channels), bias]
    return found


class StreamingNetwork(tf.Module):  # type: ignore[misc]
    """The network step by step, its past in variables: ``[1, rows, 1, bands]`` to logits ``[1, labels]``."""

    def __init__(self, network: FloatNetwork) -> None:
        super().__init__()
        kernels = _kernels(network)
        lengths = [len(taps) - 1 for taps, _ in network.filters] + [network.pooling - 1]
        past = [
            tf.Variable(np.zeros((1, length, 1, network.channels), np.float32), name=f"past_{i}")
            for i, length in enumerate(lengths)
        ]
        self.past = past

        def with_past(i: int, x: Any) -> Any:
            whole = tf.concat([past[i].read_value(), x], 1)
            past[i].assign(whole[:, 1:])
            return whole

        def convolve(operator: Any, name: str, x: Any) -> Any:
            kernel, bias = kernels[name]
            return tf.nn.bias_add(operator(x, kernel, [1, 1, 1, 1], "VALID"), bias)

        def step(rows: Any) -> Any:
            x = tf.nn.relu(convolve(tf.nn.conv2d, "stem", rows))
            for i in range(len(network.filters)):
                y = convolve(tf.nn.depthwise_conv2d, f"filter_{i}", with_past(i, x))
                x = tf.nn.relu(convolve(tf.nn.conv2d, f"mix_{i}", y) + x)
            x = tf.nn.avg_pool2d(with_past(len(lengths) - 1, x), (network.pooling, 1), 1, "VALID")
            weights, bias = kernels["logits"]
            return tf.nn.bias_add(tf.matmul(tf.reshape(x, (1, -1)), weights), bias)

        self.step = tf.function(step, [tf.TensorSpec((1, network.rows, 1, network.bands), tf.float32)], autograph=False)


class NarrowConvolution(convolutions.Default8BitConvQuantizeConfig):  # type: ignore[misc]
    """tfmot's scheme for a convolution, with 15 levels for the weights of each channel."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.weight_quantizer.num_bits = 4


def quantization_aware(data: BaselineInputs, *, narrow: bool = False) -> Any:
    """tfmot's default 8-bit scheme, trained from the float weights; of convolutions 4 bits if ``narrow``."""

    def annotated(layer: Any) -> Any:
        own = narrow and type(layer) is keras.layers.Conv2D
        scheme = NarrowConvolution(["kernel"], ["activation"], False) if own else None
        return tfmot.quantization.keras.quantize_annotate_layer(layer, scheme)

    with tfmot.quantization.keras.quantize_scope({"NarrowConvolution": NarrowConvolution}):
        model = keras.models.clone_model(window_model(data.network), clone_function=annotated)
        model = tfmot.quantization.keras.quantize_apply(model)
    epochs, clips = data.training.shape[:2]
    schedule = keras.optimizers.schedules.CosineDecay(data.learning_rate, epochs * -(-clips // data.batch_size))
    entropy = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=data.label_smoothing)
    model.compile(keras.optimizers.Adam(schedule), lambda wanted, logits: entropy(wanted, logits + data.adjustment))
    for epoch, (codes, labels) in enumerate(zip(data.training, data.training_labels, strict=True)):
        windows = data.real(data.network.windows(codes))
        wanted = keras.utils.to_categorical(labels, len(data.adjustment))
        model.fit(windows, wanted, batch_size=data.batch_size, verbose=0)
        print(f"epoch {epoch + 1} of {epochs}", flush=True)
    return model


def _weights(model: Any, name: str) -> list[Any]:
    """Variables of a layer that tfmot wrapped: kernel and bias."""
    found = {v.name.rpartition("/")[2]: v for v in model.get_layer(f"quant_{name}").weights}
    (kernel,) = (found[key] for key in ("kernel:0", "depthwise_kernel:0") if key in found)
    return [kernel, found["bias:0"]]


def narrow_network(data: BaselineInputs) -> FloatNetwork:
    """The network after training with 4 bits for the weights of stem and blocks, their weights rounded to them."""
    model, network = quantization_aware(data, narrow=True), data.network

    def trained(name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        kernel, bias = (variable.numpy() for variable in _weights(model, name))
        return kernel, bias

    def dense(name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        kernel, bias = trained(name)
        return on_grid(kernel).reshape(-1, kernel.shape[-1]), bias

    filters = [trained(f"filter_{i}") for i in range(len(network.filters))]
    return replace(
        network,
        stem=dense("stem"),
        filters=tuple((kernel[::-1, 0, :, 0], bias) for kernel, bias in filters),
        mixes=tuple(dense(f"mix_{i}") for i in range(len(network.mixes))),
        output=trained("logits"),
    )


def post_training_window(data: BaselineInputs) -> bytes:
    """Full integer quantization of the float network over a window."""
    return _window(data, window_model(data.network))


def trained_window(data: BaselineInputs) -> bytes:
    """Quantization-aware training, then conversion."""
    return _window(data, quantization_aware(data))


def _window(data: BaselineInputs, model: Any) -> bytes:
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    return _converted(converter, data.real(data.network.windows(data.training[0, :CALIBRATION_CLIPS])))


def post_training_streaming(data: BaselineInputs) -> bytes:
    """Full integer quantization of the float network step by step, its past in variables of int8."""
    return _streaming(data, data.network)


def narrow_streaming(data: BaselineInputs) -> bytes:
    """Training with weights of 4 bits, then the same, and in the file filters of 4 bits."""
    return with_narrow_filters(_streaming(data, narrow_network(data)))


def _streaming(data: BaselineInputs, network: FloatNetwork) -> bytes:
    module = StreamingNetwork(network)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([module.step.get_concrete_function()], module)
    converter._experimental_variable_quantization = True  # variables would stay float32
    steps = network.each_step(data.training[0, : CALIBRATION_CLIPS // 4])
    return _converted(converter, data.real(steps.reshape(-1, *steps.shape[2:])))


def _converted(converter: Any, representative: NDArray[np.float32]) -> bytes:
    """Int8 in and out; ranges come from ``representative``."""
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([row[None]] for row in representative)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return bytes(converter.convert())


Answer = Callable[[bytes, BaselineInputs], NDArray[np.float32]]


def answers_of_windows(model: bytes, data: BaselineInputs) -> NDArray[np.float32]:
    """Logits ``[m, labels]`` of the test clips in LiteRT, a window each."""
    runner = _Runner(model)
    return np.stack([runner.run(window) for window in data.real(data.network.windows(data.testing))])


def answers_of_steps(model: bytes, data: BaselineInputs) -> NDArray[np.float32]:
    """Logits ``[m, labels]`` of the test clips in LiteRT, after the last of a clip's steps, from a fresh start each."""

    def last(steps: Iterable[NDArray[np.float32]]) -> NDArray[np.float32]:
        runner = _Runner(model)  # the variables of a new one are zeros
        return [runner.run(step) for step in steps][-1]

    return np.stack([last(data.real(steps)) for steps in data.network.each_step(data.testing)])


class _Runner:
    def __init__(self, model: bytes) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._interpreter = Interpreter(model_content=model, num_threads=1)
        self._interpreter.allocate_tensors()
        self._input, self._output = self._interpreter.get_input_details()[0], self._interpreter.get_output_details()[0]

    def run(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        scale, zero_point = self._input["quantization"]
        codes = np.clip(np.rint(x / scale + zero_point), -128, 127).astype(np.int8)
        self._interpreter.set_tensor(self._input["index"], codes[None])
        self._interpreter.invoke()
        scale, zero_point = self._output["quantization"]
        logits = self._interpreter.get_tensor(self._output["index"])[0].astype(np.float32)
        return np.asarray(np.float32(scale) * (logits - zero_point), np.float32)


Route = tuple[str, Callable[[BaselineInputs], bytes], Answer]


def routes(*, trained: bool) -> Iterator[Route]:
    """Name, how the file is made, how it is asked."""
    yield "int8, post-training, window", post_training_window, answers_of_windows
    if trained:
        yield "int8, trained, window", trained_window, answers_of_windows
    yield "int8, post-training, streaming", post_training_streaming, answers_of_steps
    if trained:
        yield "int4, trained, streaming", narrow_streaming, answers_of_steps
