"""One cell of an experiment: trained, asked, and its answers kept. Runs in a worker process of its own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.config import AugmentationSection, TrainingSection
from pipeline.experiments.material import Material, Truth, folded, whole
from pipeline.experiments.spec import Cell
from pipeline.progress import SILENT
from pipeline.recipe import Recipe
from pipeline.stages import StageResult, Stages
from pipeline.training.dataset import Dataset
from pipeline.workflow.conditions import conditions
from pipeline.workflow.data import Data, HeldOutClips
from pipeline.workflow.models import ModelFile
from pipeline.workflow.quantize import quantize_model
from pipeline.workflow.reference import reference_logits
from pipeline.workflow.training import evaluate_float, train_float, train_quantized

CLEAN = "as recorded"
_ANSWERS = "answers.npz"


@dataclass(frozen=True)
class Place:
    """Where the recordings are, and where results go; the same paths for all workers."""

    data: Path | None
    negatives: Path | None
    cache: Path
    out: Path


@dataclass(frozen=True)
class Done:
    """A finished cell.

    Attributes:
        folder: holds its answers.
        model: its ``.tflite``; None for the float twin.
        fresh: whether anything had to be computed.
    """

    cell: Cell
    folder: Path
    model: Path | None
    fresh: bool


@dataclass(frozen=True)
class Answers:
    """One model of one seed: float32 logits ``[n, labels]`` under each condition, and of the validation split."""

    truth: Truth
    conditions: dict[str, NDArray[np.float32]]
    validation: NDArray[np.float32]
    validation_labels: NDArray[np.int64]


def run_cell(cell: Cell, place: Place) -> Done:
    """Trains a cell, or finds it trained, and asks it under every condition."""
    _one_thread()
    recipe = cell.recipe
    material = _material(_clips_of(recipe), cell.fold, cell.folds, place)
    stages = Stages(place.out / "stages")
    trained = _train(cell, material.dataset, stages)
    answers = ask(material, recipe, trained, stages)

    def make(folder: Path) -> None:
        logits = {f"logits {name}": values for name, values in answers.conditions.items()}
        truth = {f"truth {name}": values for name, values in vars(answers.truth).items()}
        validation = {"validation": answers.validation, "validation labels": answers.validation_labels}
        arrays: dict[str, Any] = {**logits, **truth, **validation}
        np.savez(folder / _ANSWERS, **arrays)

    key, model = (trained.digest, trained.path) if isinstance(trained, ModelFile) else (trained.key, None)
    asked = [material.test.key, material.validation.key, list(answers.conditions)]
    stage = stages.run("cell", {"model": key, "asked": asked, "files": list(answers.truth.files)}, make)
    return Done(cell, stage.folder, model, not all(stage.cached for stage in stages.finished))


def read_answers(done: Done) -> Answers:
    """What a finished cell answered."""
    with np.load(done.folder / _ANSWERS) as found:
        return Answers(
            Truth(**{name: found[f"truth {name}"] for name in Truth.__annotations__}),
            {name.removeprefix("logits "): found[name] for name in found.files if name.startswith("logits ")},
            found["validation"],
            found["validation labels"],
        )


def ask(material: Material, recipe: Recipe, model: StageResult | ModelFile, stages: Stages) -> Answers:
    """What a float twin or a quantized model answers under every condition."""

    def logits(clips: HeldOutClips) -> NDArray[np.float32]:
        if isinstance(model, ModelFile):
            return reference_logits(model.model, model.digest, clips.features, clips.key, stages)
        return evaluate_float(model, clips.features, clips.key, stages)

    heard = {CLEAN: logits(material.test)}
    for condition in conditions(material.test, recipe.frontend, stages):
        heard[condition.name] = logits(condition.clips)
    return Answers(material.truth, heard, logits(material.validation), material.validation.labels)


def _train(cell: Cell, dataset: Dataset, stages: Stages) -> StageResult | ModelFile:
    recipe, weights = cell.recipe, cell.weights
    trained = train_float(recipe, dataset, stages)
    if weights.bits is None:
        return trained
    if weights.trained:
        trained = train_quantized(recipe, dataset, trained, weights.bits, stages)
    return quantize_model(recipe, trained, weights.bits, stages)


def _clips_of(recipe: Recipe) -> Recipe:
    """What of a recipe says which clips there are, the rest as it is by default: a key to the cache."""
    others = {name: field.get_default() for name, field in Recipe.model_fields.items() if not field.is_required()}
    training = TrainingSection(seed=recipe.training.seed)
    over_lines = AugmentationSection(line_probability=float(recipe.augmentation.line_probability > 0))
    kept = {"name": "clips", "frontend": recipe.frontend, "training": training, "augmentation": over_lines}
    return recipe.model_copy(update={**others, **kept})


@lru_cache(maxsize=2)  # cells that follow one another mostly have the same clips
def _material(clips: Recipe, fold: int, folds: int, place: Place) -> Material:
    data = Data(clips, place.data, None, place.cache, SILENT, place.negatives)
    return folded(data, fold, folds) if folds else whole(data)


def _one_thread() -> None:
    """Sums of floats depend on how many threads share them: one each gives the same weights on any machine's cores."""
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ[name] = "1"
