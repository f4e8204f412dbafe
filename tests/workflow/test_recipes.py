"""Which recipe a run follows, and what words become in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import RecipeError, UsageError
from pipeline.workflow.recipes import choose_recipe, run_name


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("hey marvin, stop music", ("hey_marvin", "stop_music")),
        ("Hey  Marvin", ("hey_marvin",)),
        ("7up", ("7up",)),
        ("größe,gro\u0308sse", ("größe", "grösse")),
        ("hello-robot,lights_on,", ("hello_robot", "lights_on")),
    ],
)
def test_words_as_people_write_them(typed: str, names: tuple[str, ...]):
    assert choose_recipe(None, None, typed).corpus.keywords == names


@pytest.mark.parametrize("typed", ["", ",", " , "])
def test_no_words_are_an_error(typed: str):
    with pytest.raises(UsageError, match="no word"):
        choose_recipe(None, None, typed)


@pytest.mark.parametrize("typed", ["stop,Stop", "what?", "_unknown_", "a,b/c"])
def test_words_that_cannot_be_keywords(typed: str):
    with pytest.raises(RecipeError, match="keywords"):
        choose_recipe(None, None, typed)


def test_own_words_of_own_recordings_get_the_recipe_for_recordings(tmp_path: Path):
    (tmp_path / "Amelia").mkdir()
    (tmp_path / "athena").mkdir()
    recipe = choose_recipe(None, tmp_path, "amelia,athena")
    assert (recipe.corpus.source, recipe.corpus.clip_seconds, recipe.name) == ("folder", 1.5, "amelia_athena")
    with pytest.raises(UsageError, match="no shipped recipe") as error:
        choose_recipe(None, tmp_path, None)
    assert "amelia, athena" in error.value.hint


def test_a_shipped_recipe_is_found_by_its_words(tmp_path: Path):
    for word in ("alexa", "computer", "jarvis", "smart_mirror", "Snowboy", "view glass", "other"):
        (tmp_path / word).mkdir()
    assert choose_recipe(None, tmp_path, None).name == "wake_words"


WORD = st.text("abc_7öß", min_size=1, max_size=20).filter(lambda word: word.strip("_") and not word.startswith("_"))
WORDS = st.lists(WORD, min_size=1, max_size=6).map(tuple)


@given(WORDS, WORDS)
def test_run_names_are_names_and_differ(words: tuple[str, ...], others: tuple[str, ...]):
    assert re.fullmatch(r"[a-z][a-z0-9_]{0,31}", run_name(words))
    assert (run_name(words) == run_name(others)) == ("_".join(words) == "_".join(others))


def test_plain_words_keep_their_names():
    assert run_name(("computer", "lights_on")) == "computer_lights_on"
    assert run_name(("größe",)).startswith("groe_")
    assert len(run_name(("a" * 40, "b"))) == 32
