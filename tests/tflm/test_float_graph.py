"""The float network in LiteRT and in TensorFlow Lite Micro answers as its Keras model does, and is no model to run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import keras
import numpy as np
import pytest

from pipeline.errors import ModelFileError
from pipeline.export import operators, read_tflite, write_tflite
from pipeline.export.schema import schema
from pipeline.recipe import Recipe
from pipeline.report.listening import FLOAT_BITS, NOT_TUNED, Tuned, Tuning
from pipeline.stages import StageResult, Stages
from pipeline.training.convert import quantize
from pipeline.training.fit import predict_logits
from pipeline.workflow.float_network import export_float
from tests.tuning.test_float_twin import FRAMES, NETWORKS, recipe, trained

DIFFERENCE = 1e-4
"""Of logits of a size around 10: both add in float32, each in an order of its own."""

CLIPS = np.random.default_rng(5).integers(-128, 128, (40, FRAMES * 6)).astype(np.int8)


def exported(network: keras.Model, own: Recipe, folder: Path, tuning: Tuning = NOT_TUNED) -> Path:
    network.save(folder / "model.keras")
    return export_float(
        own, StageResult("train-float", folder, "of random weights", False, 0.0), tuning, Stages(folder)
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Of a small network with everything in it."""
    own = recipe(NETWORKS["residual"])
    return exported(trained(own), own, tmp_path)


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_it_answers_as_keras_does(run, network: dict[str, object], tmp_path: Path) -> None:
    own = recipe(network)
    model = trained(own)
    path = exported(model, own, tmp_path)
    wanted, found = predict_logits(model, CLIPS), run(path.read_bytes(), CLIPS)
    assert np.ptp(wanted, axis=0).min() > 0.5
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() < DIFFERENCE


def test_others_need_no_operator_of_ours_and_find_out_what_its_input_is(file: Path) -> None:
    data = file.read_bytes()
    assert all(hasattr(schema().BuiltinOperator, name) for name in operators(data))
    model = schema().Model.GetRootAsModel(data, 0)
    graph = model.Subgraphs(0)
    given, answer = graph.Tensors(graph.Inputs(0)), graph.Tensors(graph.Outputs(0))
    assert (given.Type(), given.ShapeAsNumpy().tolist()) == (schema().TensorType.INT8, [1, CLIPS.shape[1]])
    assert (given.Quantization().Scale(0), given.Quantization().ZeroPoint(0)) == (0.03125, 0)
    assert (answer.Type(), answer.ShapeAsNumpy().tolist()) == (schema().TensorType.FLOAT32, [1, 4])
    assert model.Metadata(0).Name() == b"dynq"
    told = json.loads(model.Buffers(model.Metadata(0).Buffer()).DataAsNumpy().tobytes())
    assert told["labels"] == ["_silence_", "_unknown_", "yes", "no"]
    assert told["frontend"]["context_frames"] == FRAMES
    assert told["stride"] == recipe(NETWORKS["residual"]).model.stride


def test_it_has_the_thresholds_that_tuning_found_for_it(file: Path, tmp_path: Path) -> None:
    own = recipe(NETWORKS["residual"])
    rows = [
        Tuned("small", bits, 0.5, {"yes": 0.5 + bits / 128, "no": 0.25}, 3, 1.0, 0, 1.0, 0.1, (), (), ())
        for bits in (4, FLOAT_BITS)
    ]
    data = exported(trained(own), own, tmp_path, Tuning(tuple(rows))).read_bytes()
    assert b'"thresholds": [0.75, 0.25], "smoothing_frames": 3' in data
    assert b'"thresholds": []' in file.read_bytes()


def test_who_means_to_run_it_is_told_of_the_quantized_model_beside_it(file: Path) -> None:
    own = recipe(NETWORKS["residual"])
    with pytest.raises(ModelFileError, match=r"model\.tflite is a float network, there to compare with") as error:
        read_tflite(file)
    assert error.value.hint == "give the quantized one: small_4bit.tflite"
    for bits in (8, 2):
        quantized = quantize(trained(own), own, bits, own.corpus.labels)
        write_tflite(quantized, file.with_name(f"small_{bits}bit.tflite"))
    with pytest.raises(ModelFileError) as error:
        read_tflite(file)
    beside = [file.with_name(f"small_{bits}bit.tflite") for bits in (2, 8)]
    assert error.value.hint == f"give the quantized one: {beside[0]} or {beside[1]}"
    data = file.read_bytes()
    file.write_bytes(re.sub(b'"stride": 2', b'"strode": 2', data))
    with pytest.raises(ModelFileError, match="own operators"):
        read_tflite(file)
