"""What a network is judged by: the corpus's own testing split, or that of another folder."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.experiments.material import folded, whole
from pipeline.progress import SILENT
from pipeline.recipe import load_recipe
from pipeline.workflow.data import Data


def test_another_folder_is_judged_by_with_its_own_names_and_words(
    small_recipe: Path, whistles: Path, tmp_path: Path
) -> None:
    own = Data(load_recipe(small_recipe), whistles, None, tmp_path / "cache", SILENT)
    other = shutil.copytree(whistles, tmp_path / "other")
    (other / "other").rename(other / "yodel")
    lists = other / "testing_list.txt"
    lists.write_text(lists.read_text().replace("other/", "yodel/"))
    here, there = whole(own).truth, whole(replace(own, test_folder=other)).truth
    assert not here.unseen.any()
    said = np.asarray([file.split("/")[0] for file in there.files])
    assert set(said[there.unseen]) == {"yodel"}
    assert np.array_equal(there.unseen, said == "yodel")
    assert len(there.files) == len(there.labels) == len(there.speakers) == 10  # three of each, and silence
    assert set(said[there.keyword]) == {"low", "high"}


def test_a_fold_trains_on_clips_and_their_telephone_lines(small_recipe: Path, whistles: Path, tmp_path: Path) -> None:
    recipe = load_recipe(small_recipe)
    lines = recipe.augmentation.model_copy(update={"line_probability": 0.5})
    recipe = recipe.model_copy(update={"augmentation": lines})
    data = Data(recipe, whistles, None, tmp_path / "cache", SILENT)
    parts = data.dataset.training, data.dataset.validation
    own = {power.tobytes(): called for part in parts for power, called in zip(part.power, part.called, strict=True)}
    material = folded(data, 0, 3)
    found = material.dataset.training, material.dataset.validation, material.dataset.testing
    assert sum(map(len, found)) == sum(map(len, parts))
    for part in found:
        for power, called in zip(part.power, part.called, strict=True):
            assert np.array_equal(called, own[power.tobytes()])
            assert called.shape == (2, *power.shape)
