"""Training stages: the float twin, then quantization-aware training from its weights for every bit width."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.recipe import Recipe
from pipeline.stages import StageResult, Stages
from pipeline.training.dataset import Dataset
from pipeline.workflow.tensorflow import load_tensorflow

_WEIGHTS = "model.keras"
_ONLY_QUANTIZED: dict[str, Any] = {
    "model": {"edge_bits": True, "blocks": {"__all__": {"bits"}}},
    "training": {"qat_epochs", "low_bit_qat_epochs", "qat_learning_rate", "distillation"},
}
"""Settings that the float twin does not depend on."""


def train_float(recipe: Recipe, dataset: Dataset, stages: Stages) -> StageResult:
    """Trains the float twin, after its teacher if the recipe has one; the folder holds ``model.keras``."""
    of_teacher = recipe.of_teacher()
    if of_teacher is None:
        return _train_float("float", recipe, dataset, None, stages)
    teacher = _train_float("teacher", of_teacher, dataset, None, stages)
    return _train_float("float", recipe, dataset, teacher, stages)


def _train_float(
    name: str, recipe: Recipe, dataset: Dataset, teacher: StageResult | None, stages: Stages
) -> StageResult:
    def make(folder: Path) -> None:
        load_tensorflow()
        from pipeline.training.fit import fit

        taught_by = None if teacher is None else teacher.folder / _WEIGHTS
        fit(recipe, dataset, folder, weight_bits=None, teacher=taught_by, title=name, progress=stages.progress)

    inputs = {
        "teacher": None if teacher is None else teacher.key,
        "data": dataset.key,
        "augmentation": recipe.augmentation.model_dump(),
        "model": recipe.model.model_dump(exclude=_ONLY_QUANTIZED["model"]),
        "training": recipe.training.model_dump(exclude=_ONLY_QUANTIZED["training"]),
    }
    return stages.run(f"train-{name}", inputs, make, resume=True)


def train_quantized(
    recipe: Recipe, dataset: Dataset, float_stage: StageResult, bits: int, stages: Stages
) -> StageResult:
    """Quantization-aware training from the float weights; the folder holds ``model.keras``."""

    def make(folder: Path) -> None:
        load_tensorflow()
        from pipeline.training.fit import fit

        initial = float_stage.folder / _WEIGHTS
        fit(recipe, dataset, folder, weight_bits=bits, initial=initial, progress=stages.progress)

    settings = {"model": recipe.model.model_dump(), "training": recipe.training.model_dump()}
    inputs = {"float": float_stage.key, "bits": bits, **settings}
    return stages.run(f"train-{bits}bit", inputs, make, resume=True)


def evaluate_float(trained: StageResult, features: NDArray[np.int8], key: str, stages: Stages) -> NDArray[np.float32]:
    """Logits of the float twin for int8 ``[n, inputs]``, float32 ``[n, labels]``; ``key`` is the features' digest."""

    def make(folder: Path) -> None:
        load_tensorflow()
        from pipeline.training.convert import load_trained
        from pipeline.training.fit import predict_logits

        np.save(folder / "logits.npy", predict_logits(load_trained(trained.folder / _WEIGHTS), features))

    stage = stages.run("evaluate-float", {"trained": trained.key, "test": key}, make)
    return np.asarray(np.load(stage.folder / "logits.npy"), np.float32)
