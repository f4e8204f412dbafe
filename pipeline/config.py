"""Settings of every part, one class each.

Those of front end, network and detector go from the recipe into the model file, the C arrays and the firmware.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

MAX_WIDTH = 4096
"""Largest number of inputs or columns of a layer; the integer dot product is proved not to overflow up to here."""
WeightBits = Literal[8, 4, 2]
"""Weight bits that have kernels."""
SILENCE = "_silence_"
UNKNOWN = "_unknown_"


class Settings(BaseModel):
    """A frozen set of settings; unknown names, wrong types, infinities and NaN are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class SynthesisSection(Settings):
    """Speech made by synthesisers when no recordings are given."""

    clips_per_keyword: int = Field(400, ge=4, le=20_000)
    unknown_words: tuple[str, ...] = ()
    unknown_clips: int = Field(2400, ge=4, le=100_000)
    flite_share: float = Field(
        0.5, ge=0, le=1, description="of the English clips to train on that Flite speaks, where it is installed"
    )


def word_name(text: str) -> str:
    """A word or phrase as the name of its class: " Hey Marvin" is "hey_marvin", as in a folder of that name."""
    return re.sub(r"[\s-]+", "_", unicodedata.normalize("NFC", text).strip().lower())


class CorpusSection(Settings):
    """Which folders (or spoken words) are keywords, and where the data comes from."""

    source: Literal["folder", "synthetic", "speech_commands_v2"] = "folder"
    keywords: tuple[str, ...] = Field(min_length=1, max_length=MAX_WIDTH - 2)
    clip_seconds: float = Field(1.5, ge=0.5, le=10)
    silence_fraction: float = Field(0.1, ge=0.0, le=1.0, description="silence clips per clip of the split")
    unknown_ratio: float | None = Field(None, gt=0, description="unknown clips per clip of one keyword; absent: all")
    synthesis: SynthesisSection = SynthesisSection()
    added_clips: int = Field(
        100, ge=0, le=20_000, description="synthesised clips per keyword beside recorded ones, to train on; 0: none"
    )
    added_unknown: int = Field(1500, ge=0, le=100_000, description="synthesised clips of other words beside those")
    sentence_hours: float = Field(2.0, ge=0, le=100, description="of synthesised sentences to train on; 0: none")

    @field_validator("keywords")
    @classmethod
    def _named(cls, keywords: tuple[str, ...]) -> tuple[str, ...]:
        names = tuple(map(word_name, keywords))
        if len(set(names)) != len(names):
            raise ValueError("keywords repeat")
        if any(name.startswith("_") or not name.replace("_", "").isalnum() for name in names):
            raise ValueError("keywords are letters and digits, with spaces or underscores between them")
        return names

    @property
    def labels(self) -> tuple[str, ...]:
        """Classes in the order of the logits: silence, unknown, then the keywords as listed."""
        return (SILENCE, UNKNOWN, *self.keywords)


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
    context_frames: int = Field(48, ge=1, le=200)
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

    @property
    def stride(self) -> int:
        """Rows from one answer to the next."""
        return 1


class Block(Settings):
    """A filter over time for each channel, then a dense layer over the channels."""

    taps: int = Field(ge=1, le=256)
    dilation: int = Field(1, ge=1, le=256, description="steps from one tap to the next")
    channels: int | None = Field(None, ge=1, le=MAX_WIDTH, description="outputs; absent: as the network says")
    bits: WeightBits | None = Field(None, description="of the dense layer's weights; absent: as `--weight-bits` says")


class Temporal(Settings):
    """A network that is run step by step, each layer on one vector, and remembers through filters over time."""

    kind: Literal["temporal"]
    stem_rows: int = Field(3, ge=0, le=200, description="rows the first layer sees; 0: the first filter reads rows")
    stride: int = Field(2, ge=1, le=64, description="rows from one step to the next")
    channels: int = Field(64, ge=1, le=MAX_WIDTH)
    blocks: tuple[Block, ...] = (Block(taps=5),) * 4
    residual: bool = Field(True, description="blocks add what they find to what they are given, where widths agree")
    pooling: int = Field(12, ge=1, le=256, description="steps in the mean before the last layer")
    dropout: float = Field(0.2, ge=0, lt=1)
    edge_bits: WeightBits = Field(4, description="least weight bits of the first and the last layer")

    @model_validator(mode="after")
    def _reads_every_row(self) -> Temporal:
        if self.stem_rows == 0 and self.stride != 1:
            raise ValueError("a network without a stem (stem_rows = 0) runs at every row: stride = 1")
        if self.stem_rows == 0 and not self.blocks:
            raise ValueError("a network has a stem or blocks")
        if 0 < self.stem_rows < self.stride:
            raise ValueError("a stem of fewer rows than the stride would miss some: raise stem_rows")
        return self


Network = Annotated[Temporal | Perceptron, Field(discriminator="kind")]
"""Any kind of network: ``kind`` says which. A further kind joins with ``|``."""


class Detector(Settings):
    """How streamed posteriors become detections.

    Attributes:
        threshold: smoothed posterior, 0..1, from which a keyword is reported.
        thresholds: the same for every keyword by itself, in the order of the labels; none: ``threshold`` for all.
        smoothing_frames: number of inferences in the sliding mean.
        refractory_ms: silence after a detection, in milliseconds.
    """

    threshold: float = Field(0.8, gt=0, lt=1)
    thresholds: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field((), strict=False)
    smoothing_frames: int = Field(4, ge=1, le=64)
    refractory_ms: int = Field(1000, ge=0, le=65_535)


class TuningSection(Settings):
    """How ``pipeline.build`` chooses the thresholds of the detector on continuous audio of the validation split."""

    budget: float = Field(0.5, gt=0, description="false accepts per hour, of all keywords together")
    hours: float = Field(1.0, ge=0, le=100, description="synthesised sentences to choose on, and as many to judge by")


WeightsIn = Literal["flash", "ram"]


class FirmwareSection(Settings):
    """How an image is built."""

    weights_in: WeightsIn = Field("flash", description="ram: copied there at start-up; flash makes a core wait")


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
    band_limit_probability: float = Field(0.2, ge=0, le=1, description="of a low pass, as of a slow codec")
    telephone_probability: float = Field(0.3, ge=0, le=1, description="of losing the bands that a telephone line loses")
    line_probability: float = Field(
        0.0, ge=0, le=1, description="of being heard over a telephone line, whose filter rings and whose bits are few"
    )
    negatives: float = Field(0.6, ge=0, le=10, description="windows of long speech per clip, as unknown ones")
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
    epochs: int = Field(60, ge=1)
    learning_rate: float = Field(2e-3, gt=0)
    patience: int = Field(60, ge=1, description="epochs without better validation loss or accuracy before stopping")
    weight_decay: float = Field(1e-3, ge=0, description="decoupled, per unit of learning rate")
    label_smoothing: float = Field(0.05, ge=0, lt=1)
    unknown_mass: float | None = Field(
        None, gt=0, description="unknown clips per keyword clip that a model expects at most; absent: as in training"
    )
    teacher_share: float = Field(
        0.7, gt=0, le=1, description="of the teacher's answer in each target of float training, if there is a teacher"
    )
    averaged: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="last share of the epochs whose weights are averaged; 0: the weights of the best epoch are kept",
    )
    qat_epochs: int = Field(20, ge=1)
    low_bit_qat_epochs: int = Field(60, ge=1, description="instead of `qat_epochs` for weights of less than 4 bits")
    qat_learning_rate: float = Field(5e-4, gt=0)
    distillation: float = Field(
        0.5, ge=0, le=1, description="share of the float model's answer in each target during QAT"
    )

    def extra_epochs(self, weight_bits: int | None) -> int:
        """Epochs from the float weights, to ``weight_bits`` or, with None, without quantizers."""
        return self.low_bit_qat_epochs if weight_bits is not None and weight_bits < 4 else self.qat_epochs
