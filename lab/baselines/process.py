"""The baseline process: ``python -m lab.baselines.process INPUTS.npz FOLDER``.

tfmot needs the legacy Keras, and importing it switches ``tf.keras`` to that for the whole process. So this runs in a
process of its own. It reports progress as lines ``epoch N of M`` and leaves its files and ``baselines.json`` in FOLDER.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.baselines.inputs import BaselineInputs
from pipeline.files import write_bytes, write_text

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

CALIBRATION_CLIPS = 500


def main(inputs: Path, folder: Path) -> None:
    import tensorflow as tf
    import tf_keras

    data = BaselineInputs.load(inputs)
    tf_keras.utils.set_random_seed(data.seed)
    routes = {
        "TFLite int8 PTQ": _float_model(tf_keras, data),
        "TFLite int8 QAT": _quantization_aware(tf_keras, data),
    }
    found = []
    for index, (name, model) in enumerate(routes.items()):
        converted = _convert(tf, model, data)
        file = folder / f"baseline_{index}.tflite"
        write_bytes(file, converted)
        np.save(folder / f"baseline_{index}.npy", _run(converted, data))
        found.append({"name": name, "file": file.name, "logits": f"baseline_{index}.npy"})
    write_text(folder / "baselines.json", json.dumps(found, indent=1))


def _float_model(keras: Any, data: BaselineInputs) -> Any:
    """The float twin in legacy Keras: the same layers, the same weights."""
    last = len(data.weights) - 1
    layers = [
        keras.layers.Dense(len(bias), activation=None if i == last else "relu", name=f"dense_{i}")
        for i, bias in enumerate(data.biases)
    ]
    model = keras.Sequential([keras.layers.InputLayer(input_shape=(data.testing.shape[1],)), *layers])
    for layer, weights, bias in zip(layers, data.weights, data.biases, strict=True):
        layer.set_weights([weights, bias])
    return model


def _quantization_aware(keras: Any, data: BaselineInputs) -> Any:
    """tfmot's default 8-bit scheme, trained from the float twin's weights."""
    import tensorflow_model_optimization as tfmot

    model = tfmot.quantization.keras.quantize_model(_float_model(keras, data))
    epochs, clips = data.training.shape[:2]
    steps = epochs * -(-clips // data.batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(data.learning_rate, steps)
    model.compile(keras.optimizers.Adam(schedule), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    for epoch, (clips_int8, labels) in enumerate(zip(data.training, data.training_labels, strict=True)):
        model.fit(_real(clips_int8, data), labels, batch_size=data.batch_size, verbose=0)
        print(f"epoch {epoch + 1} of {epochs}", flush=True)
    return model


def _real(features: NDArray[np.int8], data: BaselineInputs) -> NDArray[np.float32]:
    return np.float32(data.input.scale) * (features.astype(np.float32) - np.float32(data.input.zero_point))


def _convert(tf: Any, model: Any, data: BaselineInputs) -> bytes:
    """Full integer quantization, int8 in and out. Post-training ranges come from training clips."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: (
        [row[None]] for row in _real(data.training[0, :CALIBRATION_CLIPS], data)
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    return bytes(converter.convert())


def _run(model: bytes, data: BaselineInputs) -> NDArray[np.float32]:
    """Logits of the test clips in LiteRT."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=model)
    interpreter.allocate_tensors()
    source, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scale, zero_point = source["quantization"]
    rows = []
    for row in _real(data.testing, data):
        codes = np.clip(np.rint(row / scale + zero_point), -128, 127).astype(np.int8)
        interpreter.set_tensor(source["index"], codes[None])
        interpreter.invoke()
        rows.append(interpreter.get_tensor(result["index"])[0].copy())
    scale, zero_point = result["quantization"]
    return np.float32(scale) * (np.array(rows, np.float32) - np.float32(zero_point))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
