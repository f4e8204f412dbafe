"""Recipes: what to listen for, from which data, with which network. One TOML file each, checked strictly."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from pipeline.config import (
    MAX_WIDTH,
    AugmentationSection,
    CorpusSection,
    Detector,
    FirmwareSection,
    Frontend,
    Network,
    Settings,
    Temporal,
    TrainingSection,
    TuningSection,
)
from pipeline.errors import RecipeError
from pipeline.frontend.tables import make_tables


class Recipe(Settings):
    """A whole recipe. ``name`` becomes the name of the model and of its artefacts."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")
    corpus: CorpusSection
    frontend: Frontend = Frontend()
    augmentation: AugmentationSection = AugmentationSection()
    model: Network = Temporal(kind="temporal")
    teacher: Network | None = Field(None, description="trained first, with floats; the model learns from its answers")
    training: TrainingSection = TrainingSection()
    detector: Detector = Detector()
    tuning: TuningSection = TuningSection()
    firmware: FirmwareSection = FirmwareSection()

    @model_validator(mode="after")
    def _fits(self) -> Recipe:
        needed = self.frontend.context_samples / self.frontend.sample_rate
        if self.corpus.clip_seconds < needed:
            raise ValueError(
                f"the context window spans {needed} s of clips that last {self.corpus.clip_seconds} s: "
                "raise corpus.clip_seconds or lower frontend.context_frames"
            )
        for section, network in (("model", self.model), ("teacher", self.teacher)):
            if network is not None:
                self._fits_window(section, network)
        if len(self.detector.thresholds) not in (0, len(self.corpus.keywords)):
            raise ValueError(
                f"{len(self.detector.thresholds)} detector.thresholds for {len(self.corpus.keywords)} keywords"
            )
        return self

    def _fits_window(self, section: str, network: Network) -> None:
        if self.frontend.context_frames % network.stride:
            raise ValueError(
                f"the context window of {self.frontend.context_frames} rows is no whole number of steps of "
                f"{network.stride}: change frontend.context_frames or {section}.stride"
            )
        if network.kind == "perceptron" and self.frontend.inputs > MAX_WIDTH:
            raise ValueError(f"the context window holds {self.frontend.inputs} features, a layer takes {MAX_WIDTH}")

    def of_teacher(self) -> Recipe | None:
        """The recipe that trains the teacher, from the same clips; None without one."""
        if self.teacher is None:
            return None
        return self.model_copy(update={"model": self.teacher, "teacher": None})


def load_recipe(path: Path) -> Recipe:
    """Reads and checks a recipe.

    Raises:
        RecipeError: the file is missing, not TOML, or has an unknown key (with the nearest known one) or a bad value.
    """
    try:
        with path.open("rb") as file:
            data = tomllib.load(file)
    except FileNotFoundError:
        known = sorted(p.stem for p in path.parent.glob("*.toml")) if path.parent.is_dir() else []
        raise RecipeError(
            f"no recipe {path}", f"there is {', '.join(known)}" if known else "name a .toml file"
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"{path} is not a readable TOML file: {error}", "see models/*.toml for examples") from None
    return parse_recipe(data, str(path))


def parse_recipe(data: dict[str, Any], where: str) -> Recipe:
    """Checks recipe data as read from TOML; ``where`` names it in errors.

    Raises:
        RecipeError: an unknown key (with the nearest known one) or a bad value.
    """
    try:
        # by way of JSON, whose arrays strict types take for tuples
        recipe = Recipe.model_validate_json(json.dumps(data, default=str))
        make_tables(recipe.frontend)
    except ValidationError as error:
        # a misspelt key also leaves the right one missing: the spelling is the better news
        raise _as_recipe_error(min(error.errors(), key=lambda e: e["type"] != "extra_forbidden"), where) from None
    except RecipeError as error:
        raise RecipeError(f"{where}: {error.message}", error.hint) from None
    return recipe


def _as_recipe_error(error: ErrorDetails, where: str) -> RecipeError:
    keys, known = _place(error["loc"])
    key = ".".join(keys)
    match error["type"]:
        case "extra_forbidden":
            near = difflib.get_close_matches(keys[-1], known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(known)}"
            return RecipeError(f"{where}: unknown key {key}", hint)
        case "missing":
            return RecipeError(f"{where}: {key} is missing", "see models/*.toml for examples")
        case "union_tag_not_found":
            return RecipeError(f"{where}: {key}.kind is missing", "see models/*.toml for examples")
    hint = "docs/recipes.md tells all keys" if isinstance(error["input"], dict) else f"the value is {error['input']!r}"
    return RecipeError(f"{where}: {key or 'recipe'}: {error['msg'].removeprefix('Value error, ')}", hint)


def _place(location: tuple[int | str, ...]) -> tuple[list[str], list[str]]:
    """The keys that lead to an error, without the kinds that pydantic puts among them, and the keys known there."""
    keys: list[str] = []
    known: list[str] = []
    here: Any = Recipe
    kinds: tuple[Any, ...] = ()
    for part in location:
        if kinds:
            here, kinds = next(kind for kind in kinds if get_args(kind.model_fields["kind"].annotation) == (part,)), ()
            continue
        if isinstance(part, int):  # an item of a list
            keys.append(str(part))
            here = next(iter(get_args(here)), None)
            continue
        fields = getattr(here, "model_fields", {})
        keys.append(str(part))
        known = list(fields)
        here = fields[part].annotation if part in fields else None
        kinds = tuple(_kinds(here))
    return keys, known


def _kinds(annotation: Any) -> Iterator[Any]:
    """The classes of settings among which the key ``kind`` chooses."""
    if "kind" in getattr(annotation, "model_fields", {}):
        yield annotation
    elif get_origin(annotation) in (Annotated, Union, UnionType):
        for member in get_args(annotation):
            yield from _kinds(member)
