"""Recipes: what to listen for, from which data, with which network. One TOML file each, checked strictly."""

from __future__ import annotations

import difflib
import json
import tomllib
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from pipeline.config import MAX_WIDTH, Detector, Frontend, Network, Perceptron, Settings
from pipeline.errors import RecipeError
from pipeline.frontend import make_tables

SILENCE = "_silence_"
UNKNOWN = "_unknown_"


class SynthesisSection(Settings):
    """Speech made by espeak-ng when no recordings are given."""

    clips_per_keyword: int = Field(400, ge=4, le=20_000)
    unknown_words: tuple[str, ...] = ()
    unknown_clips: int = Field(2400, ge=4, le=100_000)


class CorpusSection(Settings):
    """Which folders (or spoken words) are keywords, and where the data comes from."""

    source: Literal["folder", "synthetic", "speech_commands_v2"] = "folder"
    keywords: tuple[str, ...] = Field(min_length=1, max_length=MAX_WIDTH - 2)
    clip_seconds: float = Field(1.5, ge=0.5, le=10)
    silence_fraction: float = Field(0.1, ge=0.0, le=1.0, description="silence clips per clip of the split")
    unknown_ratio: float | None = Field(None, gt=0, description="unknown clips per clip of one keyword; absent: all")
    synthesis: SynthesisSection = SynthesisSection()

    @model_validator(mode="after")
    def _distinct(self) -> CorpusSection:
        if len(set(self.keywords)) != len(self.keywords):
            raise ValueError("keywords repeat")
        if any(word.startswith("_") or not word.replace("_", "").isalnum() for word in self.keywords):
            raise ValueError("keywords are letters, digits and underscores, and do not start with one")
        return self

    @property
    def labels(self) -> tuple[str, ...]:
        """Classes in the order of the logits: silence, unknown, then the keywords as listed."""
        return (SILENCE, UNKNOWN, *self.keywords)


class AugmentationSection(Settings):
    """Random changes to every training clip, drawn anew each epoch."""

    shift_ms: float = Field(100.0, ge=0)
    gain_db: float = Field(10.0, ge=0)
    noise_probability: float = Field(0.8, ge=0, le=1)
    snr_db: tuple[float, float] = Field((0.0, 30.0), description="lowest and highest")
    equaliser_db: float = Field(0.0, ge=0, description="of a smooth random curve over the bands")
    stretch: float = Field(0.0, ge=0, lt=1, description="largest change of speed, as a fraction")
    warp: float = Field(0.0, ge=0, lt=0.5, description="largest stretch of the band axis, as a fraction")
    reverb_probability: float = Field(0.0, ge=0, le=1)
    band_masks: int = Field(1, ge=0)
    band_mask_width: int = Field(3, ge=0)
    time_masks: int = Field(0, ge=0)
    time_mask_width: int = Field(4, ge=0, description="in rows of the context window")

    @model_validator(mode="after")
    def _ordered(self) -> AugmentationSection:
        if self.snr_db[0] > self.snr_db[1]:
            raise ValueError("snr_db is [lowest, highest]")
        return self


class TrainingSection(Settings):
    """Float training, then quantization-aware training from the float weights."""

    seed: int = Field(1, ge=0, lt=1 << 31)
    batch_size: int = Field(128, ge=1)
    epochs: int = Field(120, ge=1)
    learning_rate: float = Field(2e-3, gt=0)
    patience: int = Field(60, ge=1, description="epochs without better validation loss or accuracy before stopping")
    weight_decay: float = Field(1e-3, ge=0, description="decoupled, per unit of learning rate")
    label_smoothing: float = Field(0.05, ge=0, lt=1)
    qat_epochs: int = Field(30, ge=1)
    qat_learning_rate: float = Field(5e-4, gt=0)
    distillation: float = Field(
        0.5, ge=0, le=1, description="share of the float model's answer in each target during QAT"
    )


class Recipe(Settings):
    """A whole recipe. ``name`` becomes the name of the model and of its artefacts."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")
    corpus: CorpusSection
    frontend: Frontend = Frontend()
    augmentation: AugmentationSection = AugmentationSection()
    model: Network = Perceptron(kind="perceptron")
    training: TrainingSection = TrainingSection()
    detector: Detector = Detector()

    @model_validator(mode="after")
    def _fits(self) -> Recipe:
        needed = self.frontend.context_samples / self.frontend.sample_rate
        if self.corpus.clip_seconds < needed:
            raise ValueError(
                f"the context window spans {needed} s of clips that last {self.corpus.clip_seconds} s: "
                "raise corpus.clip_seconds or lower frontend.context_frames"
            )
        if self.model.kind == "perceptron" and self.frontend.inputs > MAX_WIDTH:
            raise ValueError(f"the context window holds {self.frontend.inputs} features, a layer takes {MAX_WIDTH}")
        return self


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
    hint = "" if isinstance(error["input"], dict) else f"the value is {error['input']!r}"
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
        fields = getattr(here, "model_fields", {})
        keys.append(str(part))
        known = list(fields)
        here = fields[part].annotation if part in fields else None
        if here is not None and fields[part].discriminator:
            kinds = get_args(here) or (here,)
    return keys, known
