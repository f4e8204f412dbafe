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
    assert recipe.frontend.inputs == 960
    assert recipe.model.kind == "temporal"
    assert [(block.taps, block.dilation) for block in recipe.model.blocks] == [(5, 1)] * 4


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        ({"trainning": {}}, "unknown key trainning", "did you mean training?"),
        ({"training": {"epoch": 3}}, "unknown key training.epoch", "did you mean epochs?"),
        ({"corpus": {"keywords": ["on"], "synthesis": {"clip": 1}}}, "corpus.synthesis.clip", "known keys: "),
        ({"corpus": {}}, "corpus.keywords is missing", "examples"),
        ({"corpus": {"keywords": []}}, "corpus.keywords", "value is"),
        ({"corpus": {"keywords": ["on", "on"]}}, "keywords repeat", ""),
        ({"corpus": {"keywords": ["_on"]}}, "between them", ""),
        ({"frontend": {"bands": 41}}, "frontend.bands", "41"),
        ({"frontend": {"hop_samples": 0}}, "frontend.hop_samples", "0"),
        ({"frontend": {"window_samples": 600}}, "frontend.window_samples", "600"),
        ({"frontend": {"high_hz": 9000}}, "frontend.high_hz", "9000"),
        ({"frontend": {"low_hz": 5000, "high_hz": 4000}}, "from 5000.0 to 4000.0 Hz", ""),
        ({"frontend": {"bands": 40, "low_hz": 100, "high_hz": 400}}, "holds no frequency", "fewer bands"),
        (
            {
                "frontend": {"bands": 40, "context_frames": 120, "context_stride": 1},
                "model": {"kind": "perceptron"},
            },
            "4800 features",
            "",
        ),
        ({"frontend": {"context_frames": 47}}, "no whole number of steps of 2", ""),
        ({"model": {"kind": "temporal", "stem_rows": 1}}, "fewer rows than the stride", ""),
        ({"model": {"kind": "temporal", "stem_rows": 0}}, "stride = 1", ""),
        ({"model": {"kind": "temporal", "blocks": [{"taps": 0}]}}, "model.blocks.0.taps", "0"),
        ({"model": {"kind": "temporal", "blocks": [{"tap": 3}]}}, "unknown key model.blocks.0.tap", "taps"),
        ({"frontend": {"context_frames": 60}}, "raise corpus.clip_seconds", ""),
        ({"frontend": {"contxt_frames": 60}}, "unknown key frontend.contxt_frames", "did you mean context_frames?"),
        ({"model": {"hidden": [8]}}, "model.kind is missing", "examples"),
        ({"model": {"kind": "perceptrn"}}, "'perceptron'", ""),
        ({"model": {"kind": "perceptron", "hiden": [8]}}, "unknown key model.hiden", "did you mean hidden?"),
        ({"model": {"kind": "perceptron", "hidden": [8, 0]}}, "model.hidden.1", "0"),
        ({"model": {"kind": "perceptron", "hidden": [-4]}}, "model.hidden.0", "-4"),
        ({"model": {"kind": "perceptron", "hidden": [4097]}}, "model.hidden.0", "4097"),
        ({"model": {"kind": "perceptron", "hidden": "8"}}, "model.hidden", "8"),
        ({"model": 3}, "model", "3"),
        ({"teacher": {"channels": 8}}, "teacher.kind is missing", "examples"),
        ({"teacher": {"kind": "temporal", "chanels": 8}}, "unknown key teacher.chanels", "did you mean channels?"),
        ({"teacher": {"kind": "temporal", "blocks": [{"tap": 3}]}}, "unknown key teacher.blocks.0.tap", "taps"),
        ({"teacher": {"kind": "temporal", "stride": 3, "channels": 0}}, "teacher.channels", "0"),
        (
            {"frontend": {"context_frames": 47}, "model": {"kind": "perceptron"}, "teacher": {"kind": "temporal"}},
            "change frontend.context_frames or teacher.stride",
            "",
        ),
        ({"training": {"teacher_share": 0.0}}, "training.teacher_share", "0"),
        ({"detector": {"refractory_ms": 65_536}}, "detector.refractory_ms", "65536"),
        ({"detector": {"threshold": float("nan")}}, "detector.threshold", "nan"),
        ({"detector": {"thresholds": [0.5]}}, "1 detector.thresholds for 2 keywords", "recipes.md"),
        ({"training": {"seed": -1}}, "training.seed", "-1"),
        ({"training": {"epochs": "3"}}, "training.epochs", "3"),
        ({"training": {"learning_rate": float("inf")}}, "training.learning_rate", "inf"),
        ({"augmentation": {"snr_db": [30, 0]}}, "[lowest, highest]", ""),
        ({"training": {"learning_rate": -1}}, "training.learning_rate", "-1"),
        ({"name": "Not A Name"}, "name", "Not A Name"),
    ],
)
def test_mistakes(change, message, hint):
    with pytest.raises(RecipeError) as caught:
        parse_recipe({**MINIMAL, **change}, "lights.toml")
    assert "lights.toml" in caught.value.message
    assert message in caught.value.message
    assert caught.value.hint
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
