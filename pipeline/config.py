"""Settings of the front end, the network and the detector: one class each, from the recipe to the firmware's header."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

MAX_WIDTH = 4096
"""Largest number of inputs or columns of a layer; the integer dot product is proved not to overflow up to here."""


class Settings(BaseModel):
    """A frozen set of settings; unknown names, wrong types, infinities and NaN are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Frontend(Settings):
    """Log-mel filter-bank energies and the context window that one inference sees.

    A model input is ``context_frames`` feature vectors, each ``context_stride`` hops after the one before, oldest
    first, ``bands`` values each: ``[context_frames * bands]`` int8.
    """

    sample_rate: Literal[16_000] = 16_000
    window_samples: int = Field(400, ge=64, le=512)
    hop_samples: int = Field(160, ge=32, le=512)
    bands: int = Field(20, ge=4, le=40)
    low_hz: float = Field(60.0, ge=0)
    high_hz: float = Field(7600.0, le=8000)
    context_frames: int = Field(41, ge=1, le=200)
    context_stride: int = Field(3, ge=1, le=8)

    @model_validator(mode="after")
    def _band_limits(self) -> Frontend:
        if self.low_hz >= self.high_hz:
            raise ValueError(f"the bands go from {self.low_hz} to {self.high_hz} Hz")
        return self

    @property
    def inputs(self) -> int:
        return self.context_frames * self.bands

    @property
    def context_hops(self) -> int:
        """Hops from the first to the last row of a model input, both counted."""
        return (self.context_frames - 1) * self.context_stride + 1

    @property
    def context_samples(self) -> int:
        """Samples that one model input is made from."""
        return (self.context_hops - 1) * self.hop_samples + self.window_samples


class Perceptron(Settings):
    """Fully-connected layers over the context window."""

    kind: Literal["perceptron"]
    hidden: tuple[Annotated[int, Field(ge=1, le=MAX_WIDTH)], ...] = (128, 128, 128)
    dropout: float = Field(0.2, ge=0, lt=1)


Network = Annotated[Perceptron, Field(discriminator="kind")]
"""Any kind of network: ``kind`` says which. A further kind joins with ``|``."""


class Detector(Settings):
    """How streamed posteriors become detections.

    Attributes:
        threshold: smoothed posterior, 0..1, from which a keyword is reported.
        smoothing_frames: number of inferences in the sliding mean.
        refractory_ms: silence after a detection, in milliseconds.
    """

    threshold: float = Field(0.8, gt=0, lt=1)
    smoothing_frames: int = Field(4, ge=1, le=64)
    refractory_ms: int = Field(1000, ge=0, le=65_535)
