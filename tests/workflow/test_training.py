"""What the training stages depend on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.project import PROJECT
from pipeline.recipe import Recipe, load_recipe
from pipeline.stages import StageResult, hash_of
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
        ("training", {"qat_learning_rate": 1e-3}),
        ("training", {"distillation": 0.25}),
        ("model", {"edge_bits": 8}),
    ],
)
def test_settings_of_quantization_aware_training_leave_the_float_twin_as_it_is(section: str, change: dict[str, Any]):
    recipe = load_recipe(PROJECT / "models/wake_words.toml")
    changed = recipe.model_copy(update={section: getattr(recipe, section).model_copy(update=change)})
    before, after = keys(recipe), keys(changed)
    assert after[0] == before[0]
    assert after[1] != before[1]


@pytest.mark.parametrize(("section", "change"), [("training", {"epochs": 3}), ("model", {"channels": 32})])
def test_settings_of_both_run_both_again(section: str, change: dict[str, Any]):
    recipe = load_recipe(PROJECT / "models/wake_words.toml")
    changed = recipe.model_copy(update={section: getattr(recipe, section).model_copy(update=change)})
    assert all(a != b for a, b in zip(keys(recipe), keys(changed), strict=True))
