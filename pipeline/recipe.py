"""Recipes: what to listen for, from which data, with which network. One TOML file each, checked strictly."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipeline.errors import RecipeError
from pipeline.quantization import Detector, FrontendSettings

SILENCE = "_silence_"
UNKNOWN = "_unknown_"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SynthesisSection(_Section):
    """Speech made by espeak-ng when no recordings are given."""

    clips_per_keyword: int = Field(400, ge=4, le=20_000)
    unknown_words: tuple[str, ...] = ()
    unknown_clips: int = Field(2400, ge=4, le=100_000)


class CorpusSection(_Section):
    """Which folders (or spoken words) are keywords, and where the data comes from."""

    source: Literal["folder", "synthetic", "speech_commands_v2"] = "folder"
    keywords: tuple[str, ...] = Field(min_length=1)
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


class FrontendSection(_Section):
    """Log-mel settings; see FrontendSettings."""

    window_samples: int = Field(400, ge=64, le=512)
    hop_samples: int = Field(160, ge=32, le=512)
    bands: Literal[20, 40] = 20
    low_hz: float = Field(60.0, ge=0)
    high_hz: float = Field(7600.0, le=8000)
    context_frames: int = Field(41, ge=1, le=200)
    context_stride: int = Field(3, ge=1, le=8)

    def settings(self) -> FrontendSettings:
        return FrontendSettings(sample_rate=16_000, **self.model_dump())


class AugmentationSection(_Section):
    """Random changes to every training clip, drawn anew each epoch."""

    shift_ms: float = Field(100.0, ge=0)
    gain_db: float = Field(10.0, ge=0)
    noise_probability: float = Field(0.8, ge=0, le=1)
    snr_db: tuple[float, float] = (0.0, 30.0)
    equaliser_db: float = Field(0.0, ge=0, description="of a smooth random curve over the bands")
    stretch: float = Field(0.0, ge=0, lt=1, description="largest change of speed, as a fraction")
    warp: float = Field(0.0, ge=0, lt=0.5, description="largest stretch of the band axis, as a fraction")
    reverb_probability: float = Field(0.0, ge=0, le=1)
    band_masks: int = Field(1, ge=0)
    band_mask_width: int = Field(3, ge=0)
    time_masks: int = Field(0, ge=0)
    time_mask_width: int = Field(4, ge=0, description="in rows of the context window")


class ModelSection(_Section):
    """A multi-layer perceptron over the context window."""

    hidden: tuple[int, ...] = (128, 128, 128)
    dropout: float = Field(0.2, ge=0, lt=1)


class TrainingSection(_Section):
    """Float training, then quantization-aware training from the float weights."""

    seed: int = 1
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


class DetectorSection(_Section):
    threshold: float = Field(0.8, gt=0, lt=1)
    smoothing_frames: int = Field(4, ge=1, le=64)
    refractory_ms: int = Field(1000, ge=0)

    def settings(self) -> Detector:
        return Detector(**self.model_dump())


class Recipe(_Section):
    """A whole recipe. ``name`` becomes the name of the model and of its artefacts."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")
    corpus: CorpusSection
    frontend: FrontendSection = FrontendSection()
    augmentation: AugmentationSection = AugmentationSection()
    model: ModelSection = ModelSection()
    training: TrainingSection = TrainingSection()
    detector: DetectorSection = DetectorSection()


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
    """Checks recipe data as read from TOML; ``where`` names it in errors."""
    try:
        return Recipe.model_validate(data)
    except ValidationError as error:
        # a misspelt key also leaves the right one missing: the spelling is the better news
        first = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
        location = [str(part) for part in first["loc"]]
        key = ".".join(location)
        if first["type"] == "extra_forbidden":
            raise RecipeError(f"{where}: unknown key {key}", _suggest(location)) from None
        if first["type"] == "missing":
            raise RecipeError(f"{where}: {key} is missing", "see models/*.toml for examples") from None
        raise RecipeError(f"{where}: {key or 'recipe'}: {first['msg']}", f"the value is {first['input']!r}") from None


def _suggest(location: list[str]) -> str:
    section: type[BaseModel] = Recipe
    for part in location[:-1]:
        section = section.model_fields[part].annotation  # type: ignore[assignment]
    known = list(section.model_fields)
    near = difflib.get_close_matches(location[-1], known, n=1)
    return f"did you mean {near[0]}?" if near else f"known keys: {', '.join(known)}"
