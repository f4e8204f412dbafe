"""Shared fixtures: the optional folder of recorded speech, and small quantized models."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import numpy as np
import pytest

from pipeline.config import Frontend
from pipeline.layers import Dense, QuantizedModel
from pipeline.quantization import InputQuantization


@pytest.fixture(scope="session")
def speech_dir() -> Path:
    """Folder of recorded keywords; set KWS_DATA to point at one."""
    path = Path(os.environ.get("KWS_DATA", "../shared/data/keywords"))
    if not path.is_dir():
        pytest.skip(f"no recorded speech at {path} (set KWS_DATA)")
    return path


def make_model(
    bits: int = 4,
    *,
    widths: tuple[int, ...] = (33, 17),
    labels: int = 5,
    bands: int = 20,
    frames: int = 4,
    seed: int = 0,
) -> QuantizedModel:
    """A small random model with odd widths; not trained, but every number in it is live."""
    rng = np.random.default_rng(seed)
    frontend = Frontend(bands=bands, context_frames=frames)
    sizes = (frontend.inputs, *widths, labels)
    layers = tuple(
        Dense.quantized(
            f"dense_{i}",
            rng.normal(size=(k, n)) / np.sqrt(k),
            rng.normal(size=n) * 0.1,
            bits,
            relu=i < len(sizes) - 2,
        )
        for i, (k, n) in enumerate(itertools.pairwise(sizes))
    )
    names = ("_silence_", "_unknown_", *(f"word{i}" for i in range(labels - 2)))
    return QuantizedModel("random", layers, names, InputQuantization(0.05078125, -20), frontend)


@pytest.fixture
def model_factory():
    return make_model
