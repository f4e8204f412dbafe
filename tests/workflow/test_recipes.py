"""Which recipe a run follows, and what words become in it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import RecipeError, UsageError
from pipeline.workflow.recipes import choose_recipe, fitting_recipe, run_name


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


def recordings(root: Path, seconds: float, *words: str) -> Path:
    """A folder with a clip of each word, by two people of the last one."""
    for word in words:
        (root / word).mkdir()
        soundfile.write(root / word / "ann_nohash_0.wav", np.ones(round(seconds * 16_000), np.int16), 16_000)
    soundfile.write(root / words[-1] / "bob_nohash_0.wav", np.ones(round(seconds * 16_000), np.int16), 16_000)
    return root


@pytest.mark.parametrize(("seconds", "clip", "frames"), [(1.0, 1.0, 32), (2.0, 1.5, 48)])
def test_own_words_of_own_recordings_get_clips_as_long_as_they(
    seconds: float, clip: float, frames: int, tmp_path: Path
):
    recipe = choose_recipe(None, recordings(tmp_path, seconds, "Amelia", "athena", "no"), "amelia,athena")
    assert (recipe.corpus.source, recipe.corpus.clip_seconds, recipe.name) == ("folder", clip, "amelia_athena")
    assert recipe.frontend.context_frames == frames


def test_a_folder_whose_words_are_no_recipes_is_offered(tmp_path: Path):
    with pytest.raises(UsageError, match="no shipped recipe") as error:
        choose_recipe(None, recordings(tmp_path, 1, "Amelia", "athena"), None)
    assert "There is: athena (2 clips of 2 speakers), amelia (1 clips of 1 speakers)" in error.value.hint
    assert fitting_recipe(tmp_path) is None


def test_a_shipped_recipe_is_found_by_its_words(tmp_path: Path):
    recordings(tmp_path, 1, "alexa", "computer", "jarvis", "smart_mirror", "Snowboy", "view glass", "other")
    recipe = choose_recipe(None, tmp_path, None)
    assert (recipe.name, recipe.corpus.clip_seconds) == ("wake_words", 1.5)  # as it says, whatever the clips


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
