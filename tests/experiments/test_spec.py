"""What an experiment's file comes to, and what is wrong with one."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import ExperimentError, RecipeError
from pipeline.experiments.spec import Spec, Weights, load_spec


def spec(folder: Path, text: str) -> Spec:
    path = folder / "spec.toml"
    path.write_text(f'name = "try"\n{text}')
    return load_spec(path)


def test_a_grid_is_every_combination_with_every_seed_fold_and_width(tmp_path: Path):
    found = spec(
        tmp_path,
        "seeds = [1, 2]\nfolds = 3\nqat = [4]\npost_training = [4, 2]\n"
        '[grid]\nmodel.channels = [32, 48]\n"training.epochs" = [5]\n',
    )
    assert found.weights == (Weights(), Weights(4), Weights(4, False), Weights(2, False))
    assert [name for name, _ in found.variants()] == ["channels=32 epochs=5", "channels=48 epochs=5"]
    cells = found.cells()
    assert len(cells) == len(set(cells)) == 2 * 2 * 3 * 4
    last = cells[-1]
    assert (last.recipe.model.channels, last.recipe.training.epochs, last.recipe.training.seed) == (48, 5, 2)
    assert last.title == "channels=48 epochs=5, 2-bit post-training, seed 2, fold 3 of 3"


def test_changes_are_tried_one_by_one(tmp_path: Path):
    found = spec(
        tmp_path,
        'seeds = [1]\n[[change]]\nname = "as it is"\n[[change]]\nname = "no reverb"\nset.augmentation.gain_db = 0.0\n'
        '[[change]]\nname = "dense"\nrecipe = "wake_words_perceptron"\n',
    )
    first, second, third = found.variants()
    assert [first[0], second[0], third[0]] == ["as it is", "no reverb", "dense"]
    assert second[1].model_dump() | {"augmentation": None} == first[1].model_dump() | {"augmentation": None}
    assert second[1].augmentation.gain_db == 0
    assert third[1].model.kind == "perceptron"


def test_a_grid_may_go_over_recipes_and_lists(tmp_path: Path):
    text = "[grid]\nrecipe = ['wake_words', 'wake_words_perceptron']\n"
    assert [recipe.model.kind for _, recipe in spec(tmp_path, text).variants()] == ["temporal", "perceptron"]
    text = "[grid]\nmodel.blocks = [[{taps = 3}], [{taps = 2}, {taps = 4, dilation = 2}]]\n"
    assert [len(recipe.model.blocks) for _, recipe in spec(tmp_path, text).variants()] == [1, 2]


def test_without_anything_it_is_the_recipe_itself(tmp_path: Path):
    (cell, *_) = spec(tmp_path, 'recipe = "synthetic"').cells()
    assert (cell.variant, cell.recipe.name) == ("synthetic", "synthetic")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sedes = [1]", "unknown key sedes"),
        ("seeds = []", "seeds"),
        ("seeds = [1, 1]", "repeats"),
        ("folds = 1", "one fold"),
        ("qat = [3]", "qat"),
        ("[grid]\nmodel.channels = 32", "wants a list"),
        ("[grid]\ntraining.seed = [1]", "training.seed"),
        ('[[change]]\nname = "a"\nsettings = 1', "unknown key change.0.settings"),
        ('[[change]]\nname = "a"\n[[change]]\nname = "a"', "name repeats"),
        ("[grid", "not a readable TOML"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, expected: str):
    with pytest.raises(ExperimentError, match=expected) as caught:
        spec(tmp_path, text)
    assert caught.value.hint


def test_a_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(ExperimentError, match="No such file"):
        load_spec(tmp_path / "none.toml")


def test_keys_are_the_recipes_own(tmp_path: Path):
    with pytest.raises(RecipeError, match=r"unknown key model\.chanels") as caught:
        spec(tmp_path, "[grid]\nmodel.chanels = [1]").cells()
    assert "channels" in caught.value.hint
    with pytest.raises(RecipeError, match=r"training\.epochs"):
        spec(tmp_path, "[grid]\ntraining.epochs = [0]").cells()
