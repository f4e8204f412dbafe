"""What a search may vary, and what a device has room for: a TOML file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, cast

from optuna import Trial
from pydantic import Field, TypeAdapter, ValidationError, model_validator

from pipeline.config import Settings, WeightBits
from pipeline.cost import Cost
from pipeline.errors import ExperimentError
from pipeline.experiments.spec import Seed, leaves, read_settings, with_settings
from pipeline.recipe import Recipe
from pipeline.workflow.recipes import named_recipe

Number = int | float


class Range(Settings):
    """Numbers from ``low`` to ``high``, both included; whole ones where both are."""

    low: Number
    high: Number
    step: Number | None = Field(None, description="from one value to the next; whole numbers have 1")
    log: bool = Field(False, description="whether factors count rather than differences")

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if self.low > self.high:
            raise ValueError(f"low = {self.low} lies above high = {self.high}")
        if self.log and (self.low <= 0 or self.step is not None):
            raise ValueError("log wants a positive low and no step")
        return self

    def suggest(self, trial: Trial, name: str) -> Number:
        """A value for a trial."""
        value: Number
        if isinstance(self.low, int) and isinstance(self.high, int):
            value = trial.suggest_int(name, self.low, self.high, step=int(self.step or 1), log=self.log)
        else:
            value = trial.suggest_float(name, self.low, self.high, step=self.step, log=self.log)
        return value


Axis = Range | list[Any]
"""A range, or values to choose from."""
_AXIS: TypeAdapter[Axis] = TypeAdapter(Axis)


class Blocks(Settings):
    """The blocks of a temporal network: how many, and of what; every block gets its own."""

    count: Range
    taps: Range
    dilation: tuple[int, ...] = Field((1,), min_length=1)
    channels: Range | None = Field(None, description="absent: as the network says")
    bits: tuple[WeightBits, ...] = Field((), description="of the dense layer's weights; absent: as the network's")

    def suggest(self, trial: Trial, name: str) -> dict[str, Any]:
        """A block for a trial, as recipes have it."""
        block: dict[str, Any] = {
            "taps": self.taps.suggest(trial, f"{name}: taps"),
            "dilation": trial.suggest_categorical(f"{name}: dilation", self.dilation),
        }
        if self.channels is not None:
            block["channels"] = self.channels.suggest(trial, f"{name}: channels")
        if self.bits:
            block["bits"] = trial.suggest_categorical(f"{name}: bits", self.bits)
        return block


class Budget(Settings):
    """What a candidate may take at most, see ``pipeline.cost.Cost``; absent: anything."""

    flash_bytes: int | None = Field(None, ge=1)
    ram_bytes: int | None = Field(None, ge=1)
    instructions: int | None = Field(None, ge=1)

    def exceeded(self, cost: Cost) -> str:
        """What is too much; empty when all is within."""
        for name in type(self).model_fields:
            limit, taken = getattr(self, name), getattr(cost, name)
            if limit is not None and taken > limit:
                return f"{name} {taken:,} of {limit:,}"
        return ""


class Search(Settings):
    """A whole search."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")
    recipe: str = Field("wake_words", description="a TOML file, or the name of one in models/")
    seed: Seed = 1
    folds: int = Field(4, ge=2, le=20, description="of training and validation by speaker; the first one judges")
    bits: tuple[WeightBits, ...] = Field((4,), min_length=1, description="weight bits to choose from")
    cost: Literal["flash_bytes", "ram_bytes", "instructions"] = Field(
        "instructions", description="kept low with misses"
    )
    budget: Budget = Budget()
    set: dict[str, Any] = Field({}, description="recipe keys for every candidate: training.epochs = 15")
    space: dict[str, Any] = Field({}, description="recipe keys, each with a range or a list of values")
    blocks: Blocks | None = None

    @model_validator(mode="after")
    def _sound(self) -> Search:
        list(self.axes())
        return self

    def axes(self) -> Iterator[tuple[str, Axis]]:
        """Recipe keys and what they may be."""
        for key, value in leaves(self.space, whole="low"):
            try:
                axis = _AXIS.validate_python(value)
            except ValidationError:
                raise ValueError(f"space: {key} wants a list of values, or {{low = .., high = ..}}") from None
            if axis == []:
                raise ValueError(f"space: {key} has no value")
            yield key, axis

    def draw(self, trial: Trial) -> tuple[dict[str, Any], WeightBits]:
        """Recipe keys and weight bits of a candidate."""
        found = {
            key: axis.suggest(trial, key) if isinstance(axis, Range) else axis[trial.suggest_int(key, 0, len(axis) - 1)]
            for key, axis in self.axes()
        }
        if self.blocks is not None:
            count = int(self.blocks.count.suggest(trial, "blocks"))
            found["model.blocks"] = [self.blocks.suggest(trial, f"block {i}") for i in range(count)]
        return found, cast(WeightBits, trial.suggest_categorical("bits", self.bits))

    def candidate(self, settings: dict[str, Any]) -> Recipe:
        """The recipe of a candidate.

        Raises:
            RecipeError: a key that recipes do not have, or values that do not go together.
        """
        everything = {**dict(leaves(self.set)), **settings, "training.seed": self.seed}
        return with_settings(named_recipe(self.recipe), everything, f"search {self.name}")


def load_search(path: Path) -> Search:
    """Reads and checks a search.

    Raises:
        ExperimentError: the file is missing, not TOML, or has an unknown key or a bad value.
    """
    search = read_settings(path, Search, "docs/search.md")
    if search.blocks is None and not search.space and len(search.bits) == 1:
        raise ExperimentError(f"{path} leaves nothing to search for", "say what may vary in [space] or [blocks]")
    return search
