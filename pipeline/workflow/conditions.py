"""Conditions stage: the test clips as a device hears them where people live, and by recorders and telephones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.config import Frontend
from pipeline.corpus import SILENCE_LABEL, UNKNOWN_LABEL
from pipeline.frontend import features, mel_power
from pipeline.stages import Stages
from pipeline.training.robustness import babble, features_in_noise, narrow_band
from pipeline.training.telephone import telephone
from pipeline.workflow.data import HeldOutClips

SNR_DB = 10.0


@dataclass(frozen=True)
class Condition:
    """The test clips under a condition.

    Attributes:
        description: what was done to them.
        clips: the same clips with other features.
    """

    name: str
    description: str
    clips: HeldOutClips


def conditions(test: HeldOutClips, settings: Frontend, stages: Stages) -> tuple[Condition, ...]:
    """The test clips in noise that training did not hear, in babble of the split's other words, without the upper half
    of their band and over a telephone line.

    A split without silence clips, which are crops of the noise that is kept for it, or without other words lacks the
    condition that needs them.
    """

    def make(folder: Path) -> None:
        for name, codes in _heard(test, settings):
            np.save(folder / f"{name}.npy", codes)

    inputs = {"test": test.key, "frontend": settings.model_dump(), "snr_db": SNR_DB}
    folder = stages.run("conditions", inputs, make).folder
    described = (
        ("noise", f"in noise, {SNR_DB:g} dB", "stretches of the noise recordings that training did not hear"),
        ("babble", f"in babble, {SNR_DB:g} dB", "six voices at once, of the test split's other words"),
        ("narrow", "recorded at 8 kHz", "resampled to 8 kHz and back: nothing above 4,000 Hz"),
        ("telephone", "over the telephone", "300 to 3,400 Hz, 8 kHz, 8-bit mu-law"),
    )
    return tuple(
        Condition(title, description, replace(test, features=np.load(folder / f"{name}.npy")))
        for name, title, description in described
        if (folder / f"{name}.npy").is_file()
    )


def _heard(test: HeldOutClips, settings: Frontend) -> Iterator[tuple[str, NDArray[np.int8]]]:
    power = _power(test.pcm, settings)
    noise, others = power[test.labels == SILENCE_LABEL], test.pcm[test.labels == UNKNOWN_LABEL]
    if noise.any():
        yield "noise", features_in_noise(power, list(noise), SNR_DB, settings)
    if others.any():
        yield "babble", features_in_noise(power, [mel_power(babble(list(others)), settings)], SNR_DB, settings)
    for name, changed in (("narrow", narrow_band), ("telephone", telephone)):
        yield name, np.stack([features(clip, settings) for clip in changed(np.asarray(test.pcm))])


def _power(pcm: NDArray[np.int16], settings: Frontend) -> NDArray[np.float32]:
    return np.stack([mel_power(np.ascontiguousarray(clip), settings) for clip in pcm])
