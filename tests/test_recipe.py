"""Recipes are checked strictly, and say what is wrong in the user's words."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import RecipeError
from pipeline.recipe import load_recipe, parse_recipe

MINIMAL = {"name": "lights", "corpus": {"keywords": ["on", "off"]}}


def test_minimal_recipe_has_defaults():
    recipe = parse_recipe(MINIMAL, "test")
    assert recipe.corpus.labels == ("_silence_", "_unknown_", "on", "off")
    assert recipe.frontend.settings().inputs == 820
    assert recipe.detector.settings().smoothing_frames == recipe.detector.smoothing_frames


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        ({"trainning": {}}, "unknown key trainning", "did you mean training?"),
        ({"training": {"epoch": 3}}, "unknown key training.epoch", "did you mean epochs?"),
        ({"corpus": {"keywords": ["on"], "synthesis": {"clip": 1}}}, "corpus.synthesis.clip", "known keys: "),
        ({"corpus": {}}, "corpus.keywords is missing", "examples"),
        ({"corpus": {"keywords": []}}, "corpus.keywords", "value is"),
        ({"corpus": {"keywords": ["on", "on"]}}, "keywords repeat", ""),
        ({"corpus": {"keywords": ["_on"]}}, "do not start with one", ""),
        ({"frontend": {"bands": 30}}, "frontend.bands", "30"),
        ({"training": {"learning_rate": -1}}, "training.learning_rate", "-1"),
        ({"name": "Not A Name"}, "name", "Not A Name"),
    ],
)
def test_mistakes(change, message, hint):
    with pytest.raises(RecipeError) as caught:
        parse_recipe({**MINIMAL, **change}, "lights.toml")
    assert "lights.toml" in caught.value.message
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_missing_file_names_the_others(tmp_path: Path):
    (tmp_path / "lights.toml").write_text("")
    with pytest.raises(RecipeError, match=r"no recipe .*nope\.toml") as caught:
        load_recipe(tmp_path / "nope.toml")
    assert "lights" in caught.value.hint


@pytest.mark.parametrize("content", [b"name = ", b"\xff\xfe\x00"])
def test_not_toml(tmp_path: Path, content: bytes):
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    with pytest.raises(RecipeError, match="not a readable TOML file"):
        load_recipe(path)


def test_shipped_recipes_load():
    recipes = sorted(Path("models").glob("*.toml"))
    assert recipes
    for path in recipes:
        assert load_recipe(path).name == path.stem
