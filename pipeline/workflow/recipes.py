"""Which recipe a run follows: the named one, the one that fits the data, or one for words of the user's own."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import Path
from typing import NoReturn

from pipeline.config import word_name
from pipeline.corpus import SOURCES
from pipeline.corpus.folder import words_in
from pipeline.corpus.length import clip_seconds
from pipeline.errors import UsageError
from pipeline.project import PROJECT
from pipeline.recipe import Recipe, load_recipe, parse_recipe

RECIPES = PROJECT / "models"
TYPED, RECORDED = "synthetic", "wake_words"
"""Recipes for words of the user's own: synthesised, or recorded."""

_NAME_LENGTH = 32
_LISTED = 12


def choose_recipe(name: str | None, data: Path | None, keywords: str | None) -> Recipe:
    """Finds the recipe of a run.

    Args:
        name: path of a TOML file, or the name of one in ``models/``.
        data: folder of recordings, when one was given.
        keywords: words that replace the recipe's own, with commas between them.

    Raises:
        RecipeError, UsageError: there is no such recipe, none fits, or there is no word among ``keywords``.
    """
    words = None if keywords is None else tuple(word_name(word) for word in keywords.split(",") if word.strip())
    if words == ():
        raise UsageError("--keywords names no word", "as in: --keywords computer,lights_on")
    if name is not None:
        recipe = named_recipe(name)
    elif data is None:
        recipe = load_recipe(RECIPES / f"{TYPED}.toml")
    else:
        recipe = (load_recipe(RECIPES / f"{RECORDED}.toml") if words else fitting_recipe(data)) or _name_words(data)
    if words:
        section = {**recipe.corpus.model_dump(), "keywords": words}
        recipe = parse_recipe({**recipe.model_dump(), "name": run_name(words), "corpus": section}, "--keywords")
        if name is None and data is not None:
            recipe = _sized(recipe, data)
    source = SOURCES[recipe.corpus.source]
    if data is not None and not source.takes_folder:
        raise UsageError(
            f"recipe {recipe.name} trains on {source.describe(None)} and takes no --data",
            "leave --recipe out to train on the folder, or use --test-data to test on it",
        )
    return recipe


def named_recipe(name: str) -> Recipe:
    """A recipe by the path of its TOML file, or by its name in ``models/``.

    Raises:
        RecipeError: see ``load_recipe``.
    """
    path = Path(name)
    if path.suffix != ".toml" and not path.exists():
        path = RECIPES / f"{name}.toml"
    return load_recipe(path)


def run_name(words: tuple[str, ...]) -> str:
    """What a recipe for these words is called; where the words do not make a name, their hash tells it from others."""
    joined = "_".join(words)
    plain = re.sub(r"\W", "", unicodedata.normalize("NFKD", joined).encode("ascii", "ignore").decode())
    if not plain[:1].isalpha():
        plain = f"words_{plain}"
    if plain == joined and len(plain) <= _NAME_LENGTH:
        return plain
    tail = hashlib.sha256(joined.encode()).hexdigest()[:8]
    return f"{plain[: _NAME_LENGTH - 1 - len(tail)].rstrip('_')}_{tail}"


def fitting_recipe(data: Path) -> Recipe | None:
    """The shipped recipe for recordings that finds the most of its keywords in ``data``; None where none fits.

    Raises:
        CorpusError: the folder holds no recordings.
    """
    there = {word.name for word in words_in(data)}
    recipes = [load_recipe(path) for path in sorted(RECIPES.glob("*.toml"))]
    fitting = [
        recipe
        for recipe in recipes
        if SOURCES[recipe.corpus.source].takes_folder and there.issuperset(recipe.corpus.keywords)
    ]
    return max(fitting, key=lambda recipe: len(recipe.corpus.keywords), default=None)


def _name_words(data: Path) -> NoReturn:
    there = [f"{word.name} ({len(word.files)} clips of {word.speakers} speakers)" for word in words_in(data)]
    more = f", and {len(there) - _LISTED} more" if len(there) > _LISTED else ""
    raise UsageError(
        f"no shipped recipe fits {data}: say which of its words are keywords",
        f"--keywords WORD,WORD; all others teach it what to reject. There is: {', '.join(there[:_LISTED])}{more}",
    )


def _sized(recipe: Recipe, data: Path) -> Recipe:
    """The recipe with clips, and a window of the network, as long as the keywords in a folder want them."""
    files = [file for word in words_in(data) if word.name in recipe.corpus.keywords for file in word.files]
    if not files:
        return recipe  # the corpus reports missing words best
    seconds = clip_seconds(data, files)
    rows = recipe.frontend.context_frames * seconds / recipe.corpus.clip_seconds
    frames = int(rows) // recipe.model.stride * recipe.model.stride
    section = {**recipe.corpus.model_dump(), "clip_seconds": seconds}
    frontend = {**recipe.frontend.model_dump(), "context_frames": frames}
    return parse_recipe({**recipe.model_dump(), "corpus": section, "frontend": frontend}, str(data))
