"""Model stages: the float twin, then a quantized model for every bit width, each evaluated on the test clips."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.export import read_tflite, write_reference_tflite, write_tflite
from pipeline.files import sha256_file
from pipeline.layers import QuantizedModel, logits
from pipeline.progress import Progress
from pipeline.stages import StageResult, Stages, code_version
from pipeline.workflow.data import Data
from pipeline.workflow.tensorflow import training_code

_TRAINING_CODE = ("pipeline/training", "pipeline/layers", "pipeline/quantization")
_MODEL_FILE = "model.tflite"


@dataclass(frozen=True)
class ModelResult:
    """A model and its answers on the test clips.

    Attributes:
        bits: weight bits, None for float32.
        file: the ``.tflite``; None for float32.
        trained: whether this run trained it, quantization-aware; otherwise it was given as a file.
        logits: float32 ``[n, labels]``: Keras for float32, the numpy reference for quantized models.
    """

    bits: int | None
    file: Path | None
    trained: bool
    logits: NDArray[np.float32]

    @property
    def name(self) -> str:
        return "float32" if self.bits is None else f"{self.bits}-bit"


def train_float(data: Data, stages: Stages, progress: Progress) -> StageResult:
    """Trains the float twin; the folder holds ``model.keras``."""

    def make(folder: Path) -> None:
        fit, _ = training_code()
        fit.fit(data.recipe, data.dataset, folder, weight_bits=None, progress=progress)

    return stages.run("train-float", _training_inputs(data), make)


def train_quantized(data: Data, float_stage: StageResult, bits: int, stages: Stages, progress: Progress) -> StageResult:
    """Quantization-aware training from the float weights; the folder holds ``model.keras``."""

    def make(folder: Path) -> None:
        fit, _ = training_code()
        fit.fit(
            data.recipe,
            data.dataset,
            folder,
            weight_bits=bits,
            initial=float_stage.folder / "model.keras",
            progress=progress,
        )

    return stages.run(f"train-{bits}bit", {"float": float_stage.key, "bits": bits}, make)


def evaluate_float(data: Data, trained: StageResult, stages: Stages) -> ModelResult:
    """Logits of the float twin on the test clips."""

    def make(folder: Path) -> None:
        fit, convert = training_code()
        model = convert.load_trained(trained.folder / "model.keras")
        np.save(folder / "logits.npy", fit.predict_logits(model, data.test.features))

    stage = stages.run("evaluate-float", {"trained": trained.key, "test": data.test.key}, make)
    return ModelResult(None, None, True, np.load(stage.folder / "logits.npy"))


def quantize_model(data: Data, trained: StageResult, bits: int, stages: Stages, progress: Progress) -> ModelResult:
    """Writes the ``.tflite`` and its reference graph, and runs the numpy reference of the file on the test clips."""

    def make(folder: Path) -> None:
        _, convert = training_code()
        model = convert.quantize(trained.folder / "model.keras", data.recipe, bits, data.recipe.corpus.labels)
        write_tflite(model, folder / _MODEL_FILE)
        write_reference_tflite(model, folder / "model_reference_graph.tflite")

    inputs = {
        "trained": trained.key,
        "detector": data.recipe.detector.model_dump(),
        "code": code_version("pipeline/export", "pipeline/layers", "pipeline/quantization"),
    }
    stage = stages.run(f"quantize-{bits}bit", inputs, make)
    file = stage.folder / _MODEL_FILE
    return ModelResult(
        bits, file, True, reference_logits(read_tflite(file), file, data.test.features, stages, progress)
    )


def reference_logits(
    model: QuantizedModel, file: Path, features: NDArray[np.int8], stages: Stages, progress: Progress
) -> NDArray[np.float32]:
    """The numpy reference's logits of int8 ``[n, inputs]``, kept between runs."""

    def make(folder: Path) -> None:
        rows = []
        with progress.task("numpy reference", len(features)) as task:
            for row in features:
                rows.append(logits(model, row))
                task.advance()
        np.save(folder / "logits.npy", np.stack(rows))

    inputs = {
        "model": sha256_file(file),
        "features": _digest(features),
        "code": code_version("pipeline/layers", "pipeline/quantization"),
    }
    return np.asarray(np.load(stages.run("reference", inputs, make).folder / "logits.npy"), np.float32)


def _digest(array: NDArray[np.int8]) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def _training_inputs(data: Data) -> dict[str, object]:
    recipe = data.recipe
    return {
        "data": data.dataset.key,
        "augmentation": recipe.augmentation.model_dump(),
        "model": recipe.model.model_dump(),
        "training": recipe.training.model_dump(),
        "code": code_version(*_TRAINING_CODE),
    }
