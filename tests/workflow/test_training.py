"""What the stages of training and quantization depend on."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.config import Block, Temporal
from pipeline.project import PROJECT
from pipeline.recipe import Recipe, load_recipe
from pipeline.stages import StageResult, hash_of
from pipeline.workflow.quantize import quantize_model
from pipeline.workflow.training import train_float, train_quantized


def keys(recipe: Recipe) -> tuple[str, str]:
    """Of the float stage and the 4-bit one, which are not run."""

    def run(name: str, inputs: dict[str, Any], make: Any, **options: Any) -> StageResult:
        return StageResult(name, PROJECT, hash_of(inputs), False, 0)

    stages: Any = SimpleNamespace(run=run)
    dataset: Any = SimpleNamespace(key="of the data")
    trained = train_float(recipe, dataset, stages)
    return trained.key, train_quantized(recipe, dataset, trained, 4, stages).key


@pytest.mark.parametrize(
    ("section", "change"),
    [
        ("training", {"qat_epochs": 3}),
        ("training", {"low_bit_qat_epochs": 3}),
        ("training", {"qat_learning_rate": 1e-3}),
        ("training", {"distillation": 0.25}),
        ("model", {"edge_bits": 8}),
        ("model", {"blocks": (Block(taps=5, bits=8), *(Block(taps=5),) * 3)}),
    ],
)
def test_settings_of_quantization_aware_training_leave_the_float_twin_as_it_is(section: str, change: dict[str, Any]):
    recipe = load_recipe(PROJECT / "models/wake_words.toml")
    changed = recipe.model_copy(update={section: getattr(recipe, section).model_copy(update=change)})
    before, after = keys(recipe), keys(changed)
    assert after[0] == before[0]
    assert after[1] != before[1]


@pytest.mark.parametrize(
    ("section", "change"),
    [("training", {"epochs": 3}), ("model", {"channels": 32}), ("model", {"blocks": (Block(taps=6),) * 4})],
)
def test_settings_of_both_run_both_again(section: str, change: dict[str, Any]):
    recipe = load_recipe(PROJECT / "models/wake_words.toml")
    changed = recipe.model_copy(update={section: getattr(recipe, section).model_copy(update=change)})
    assert all(a != b for a, b in zip(keys(recipe), keys(changed), strict=True))


def stages_of(recipe: Recipe) -> dict[str, str]:
    """Name and key of every stage of float training, which is not run, in their order."""
    found = {}

    def run(name: str, inputs: dict[str, Any], make: Any, **options: Any) -> StageResult:
        found[name] = hash_of(inputs)
        return StageResult(name, PROJECT, found[name], False, 0)

    stages: Any = SimpleNamespace(run=run)
    dataset: Any = SimpleNamespace(key="of the data")
    train_float(recipe, dataset, stages)
    return found


def test_a_teacher_trains_first_and_once_for_all_that_learn_from_it():
    alone = load_recipe(PROJECT / "models/wake_words.toml").model_copy(update={"teacher": None})
    taught, narrow, better_taught = (
        alone.model_copy(update={"teacher": Temporal(kind="temporal", channels=n), "model": model})
        for n, model in (
            (96, alone.model),
            (96, alone.model.model_copy(update={"channels": 32})),
            (97, alone.model),
        )
    )
    assert list(stages_of(alone)) == ["train-float"]
    assert list(stages_of(taught)) == ["train-teacher", "train-float"]
    assert stages_of(taught)["train-teacher"] == stages_of(narrow)["train-teacher"]
    keys = {stages_of(one)["train-float"] for one in (alone, taught, narrow, better_taught)}
    assert len(keys) == 4


@pytest.mark.parametrize("change", [{"edge_bits": 8}, {"blocks": (Block(taps=5, bits=8), *(Block(taps=5),) * 3)}])
def test_other_widths_of_layers_round_the_same_float_weights_again(change: dict[str, Any], tmp_path: Path):
    shutil.copyfile(PROJECT / "models/wake_words_4bit.tflite", tmp_path / "model.tflite")
    made = []

    def run(name: str, inputs: dict[str, Any], make: Any) -> StageResult:
        made.append(hash_of(inputs))
        return StageResult(name, tmp_path, made[-1], False, 0)

    recipe = load_recipe(PROJECT / "models/wake_words.toml")
    stages: Any = SimpleNamespace(run=run)
    trained = StageResult("train-float", tmp_path, "of the float twin", False, 0)
    for one in (recipe, recipe, recipe.model_copy(update={"model": recipe.model.model_copy(update=change)})):
        quantize_model(one, trained, 4, stages)
    assert made[0] == made[1] != made[2]
