"""Folders of made-up recordings in Speech Commands' layout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.config import CorpusSection

MakeFolder = Callable[..., Path]


def tone(seconds: float = 1.0, *, hz: float = 440.0, rate: int = 16_000, channels: int = 1) -> np.ndarray:
    """A tone in a little noise, float ``[n]`` or ``[n, channels]``."""
    n = int(seconds * rate)
    sound = 0.3 * np.sin(2 * np.pi * hz / rate * np.arange(n)) + np.random.default_rng(int(hz)).normal(0, 0.01, n)
    return sound if channels == 1 else np.stack([sound] * channels, axis=1)


@pytest.fixture
def make_folder(tmp_path) -> MakeFolder:
    """Writes ``words`` with ``speakers`` clips each, and noise."""

    def make(words: tuple[str, ...] = ("alpha", "beta", "gamma"), *, speakers: int = 40, noise: bool = True) -> Path:
        root = tmp_path / "data"
        for number, word in enumerate(words):
            (root / word).mkdir(parents=True, exist_ok=True)
            for speaker in range(speakers):
                sound = tone(0.4, hz=200 + 50 * number + speaker)
                soundfile.write(root / word / f"{speaker * 2654435761 % 2**32:08x}_nohash_0.wav", sound, 16_000)
        if noise:
            (root / "_background_noise_").mkdir()
            rng = np.random.default_rng(0)
            for name in ("hum", "hiss"):
                soundfile.write(root / "_background_noise_" / f"{name}.wav", rng.normal(0, 0.05, 16_000 * 12), 16_000)
        return root

    return make


@pytest.fixture
def section() -> CorpusSection:
    return CorpusSection(keywords=("alpha", "beta"), clip_seconds=0.5, added_clips=0)
