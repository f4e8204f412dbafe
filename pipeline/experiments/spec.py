"""What an experiment compares: a TOML file, and the cells that it comes to."""

from __future__ import annotations

import itertools
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import Field, ValidationError, field_validator, model_validator

from pipeline.config import Settings, WeightBits
from pipeline.errors import ExperimentError
from pipeline.recipe import Recipe, parse_recipe
from pipeline.workflow.recipes import named_recipe

Seed = Annotated[int, Field(ge=0, lt=1 << 31)]


@dataclass(frozen=True)
class Weights:
    """How a cell's weights came about: float when ``bits`` is None; quantized with or without training for it."""

    bits: int | None = None
    trained: bool = True

    @property
    def name(self) -> str:
        if self.bits is None:
            return "float32"
        return f"{self.bits}-bit" if self.trained else f"{self.bits}-bit post-training"


FLOAT = Weights()


@dataclass(frozen=True)
class Cell:
    """One training, and what is judged of it.

    Attributes:
        variant: what the recipe differs in from others of the experiment.
        recipe: with the cell's seed.
        fold: which of ``folds`` it is judged by; 0 of 0 is the corpus's testing split.
    """

    variant: str
    recipe: Recipe
    weights: Weights
    fold: int
    folds: int

    @property
    def title(self) -> str:
        fold = f", fold {self.fold + 1} of {self.folds}" if self.folds else ""
        return f"{self.variant}, {self.weights.name}, seed {self.recipe.training.seed}{fold}"


class Change(Settings):
    """One thing that is tried: recipe keys, or another recipe."""

    name: str
    recipe: str | None = None
    set: dict[str, Any] = Field({}, description="recipe keys and their values: model.channels = 32")


class Spec(Settings):
    """A whole experiment: every change, with every combination of the grid, every seed and fold, at all widths."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")
    recipe: str = Field("wake_words", description="a TOML file, or the name of one in models/")
    seeds: tuple[Seed, ...] = Field((1, 2, 3), min_length=1)
    folds: int = Field(
        0, ge=0, le=20, description="of training and validation, by speaker; 0: judge by the testing split"
    )
    qat: tuple[WeightBits, ...] = Field(
        (8, 4, 2), description="weight bits that are trained for, from the float weights"
    )
    post_training: tuple[WeightBits, ...] = Field(
        (), description="weight bits that the float model is rounded to as it is"
    )
    change: tuple[Change, ...] = Field((), description="things to try one by one, the first to compare others with")
    grid: dict[str, Any] = Field({}, description="recipe keys, each with a list of values, in all combinations")

    @field_validator("seeds", "qat", "post_training")
    @classmethod
    def _distinct(cls, values: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(values)) != len(values):
            raise ValueError("a value repeats")
        return values

    @model_validator(mode="after")
    def _sound(self) -> Spec:
        if self.folds == 1:
            raise ValueError("folds: one fold leaves nothing to train on; 0 judges by the testing split")
        names = [change.name for change in self.change]
        if len(set(names)) != len(names):
            raise ValueError("change: a name repeats")
        for key, values in leaves(self.grid):
            if not isinstance(values, list) or not values:
                raise ValueError(f"grid: {key} wants a list of values")
            if key == "training.seed":
                raise ValueError("grid: training.seed is what seeds is for")
        return self

    @property
    def weights(self) -> tuple[Weights, ...]:
        """Float first: the others begin with its weights, and are compared with it."""
        return (FLOAT, *map(Weights, self.qat), *(Weights(bits, False) for bits in self.post_training))

    def variants(self) -> Iterator[tuple[str, Recipe]]:
        """Every recipe of the experiment with its name, the one to compare with first.

        Raises:
            RecipeError: a recipe that is not there, a key that recipes do not have, or a value out of range.
        """
        axes = [[(key, value) for value in values] for key, values in leaves(self.grid)]
        for change in self.change or (Change(name=""),):
            for point in itertools.product(*axes):
                settings = dict([*leaves(change.set), *point])
                recipe = named_recipe(str(settings.pop("recipe", change.recipe or self.recipe)))
                name = " ".join([change.name, *(f"{key.rpartition('.')[2]}={_shown(value)}" for key, value in point)])
                yield name.strip() or recipe.name, with_settings(recipe, settings, f"experiment {self.name}: {name}")

    def cells(self) -> list[Cell]:
        """Everything that is trained.

        Raises:
            RecipeError: see ``variants``.
        """
        return [
            Cell(name, with_settings(recipe, {"training.seed": seed}, name), weights, fold, self.folds)
            for name, recipe in self.variants()
            for seed in self.seeds
            for fold in range(max(1, self.folds))
            for weights in self.weights
        ]


def load_spec(path: Path) -> Spec:
    """Reads and checks an experiment.

    Raises:
        ExperimentError: the file is missing, not TOML, or has an unknown key or a bad value.
    """
    return read_settings(path, Spec, "docs/experiments.md")


AnySettings = TypeVar("AnySettings", bound=Settings)


def read_settings(path: Path, kind: type[AnySettings], guide: str) -> AnySettings:
    """Settings from a TOML file; ``guide`` is the page that explains them.

    Raises:
        ExperimentError: the file is missing, not TOML, or has an unknown key or a bad value.
    """
    try:
        data = tomllib.loads(path.read_text("utf-8"))
        return kind.model_validate_json(json.dumps(data, default=str))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ExperimentError(f"{path} is not a readable TOML file: {error}", f"{guide} has one") from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        if first["type"] == "extra_forbidden":
            known = f"known keys: {', '.join(kind.model_fields)}; " if len(first["loc"]) == 1 else ""
            raise ExperimentError(f"{path}: unknown key {key}", f"{known}{guide} explains every key") from None
        message = f"{key}: {first['msg']}" if key else first["msg"].removeprefix("Value error, ")
        raise ExperimentError(f"{path}: {message}", f"{guide} explains every key") from None


def leaves(settings: Mapping[str, Any], above: str = "", whole: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys and values, from tables in tables (``model.channels = ..``) or quoted (``"model.channels" = ..``);
    a table with a key ``whole`` is a value itself."""
    for key, value in settings.items():
        if isinstance(value, Mapping) and whole not in value:
            yield from leaves(value, f"{above}{key}.", whole)
        else:
            yield above + key, value


def with_settings(recipe: Recipe, settings: Mapping[str, Any], where: str) -> Recipe:
    """A recipe with other values for some keys.

    Raises:
        RecipeError: there are no such keys or values.
    """
    data: dict[str, Any] = recipe.model_dump()
    for key, value in settings.items():
        *sections, last = key.split(".")
        table = data
        for section in sections:
            table = table.setdefault(section, {})
        table[last] = value
    return parse_recipe(data, where)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value).replace('"', "")
