"""Which recipe a run follows: the named one, the one that fits the data, or one for words typed by the user."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.corpus import SOURCES
from pipeline.errors import UsageError
from pipeline.project import PROJECT
from pipeline.recipe import Recipe, load_recipe, parse_recipe

RECIPES = PROJECT / "models"
DEFAULT = "synthetic"


def choose_recipe(name: str | None, data: Path | None, keywords: tuple[str, ...]) -> Recipe:
    """Finds the recipe of a run.

    Args:
        name: path of a TOML file, or the name of one in ``models/``.
        data: folder of recordings, when one was given.
        keywords: words that replace the recipe's own.

    Raises:
        RecipeError, UsageError: there is no such recipe, or none fits.
    """
    if name is not None:
        path = Path(name)
        if path.suffix != ".toml" and not path.exists():
            path = RECIPES / f"{name}.toml"
        recipe = load_recipe(path)
    elif data is None:
        recipe = load_recipe(RECIPES / f"{DEFAULT}.toml")
    else:
        recipe = _fitting(data, keywords)
    if keywords:
        section = {**recipe.corpus.model_dump(), "keywords": keywords}
        label = re.sub(r"\W+", "_", "_".join(keywords).lower())[:31].strip("_")
        recipe = parse_recipe({**recipe.model_dump(), "name": label, "corpus": section}, "--keywords")
    if data is not None and not SOURCES[recipe.corpus.source].takes_folder:
        raise UsageError(
            f"recipe {recipe.name} trains on {SOURCES[recipe.corpus.source].describe(None)} and takes no --data",
            "leave --recipe out to train on the folder, or use --test-data to test on it",
        )
    return recipe


def _fitting(data: Path, keywords: tuple[str, ...]) -> Recipe:
    """The shipped recipe for recordings that finds the most of its keywords in ``data``."""
    recipes = [load_recipe(path) for path in sorted(RECIPES.glob("*.toml"))]
    recorded = [recipe for recipe in recipes if SOURCES[recipe.corpus.source].takes_folder]
    there = {path.name for path in data.iterdir() if path.is_dir()} if data.is_dir() else set()
    fitting = [recipe for recipe in recorded if there.issuperset(recipe.corpus.keywords)]
    if fitting:
        return max(fitting, key=lambda recipe: len(recipe.corpus.keywords))
    if keywords or not there:  # with words of the user's own any will do; the corpus reports a bad folder best
        return recorded[0]
    words = ", ".join(sorted(name for name in there if not name.startswith(("_", ".")))[:12])
    raise UsageError(f"no shipped recipe fits {data}", f"name your words: --keywords WORD,WORD (there: {words})")
