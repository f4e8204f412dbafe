"""Shared fixtures: the optional folder of recorded speech, and small quantized models."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import numpy as np
import pytest

from pipeline.config import Frontend
from pipeline.layers import Add, Dense, Filter, Layer, Mean, QuantizedModel
from pipeline.quantization import InputQuantization

pytest_plugins = ["pytester"]  # pytest only takes this from here


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


def make_temporal_model(
    bits: int = 4,
    *,
    channels: int = 64,
    blocks: int = 4,
    taps: int = 5,
    dilation: int = 1,
    pooling: int = 12,
    labels: int = 8,
    frames: int = 48,
    seed: int = 0,
) -> QuantizedModel:
    """The default network's shape, or a smaller one, with random weights: a stem of 3 rows every 2, blocks of a filter,
    a dense layer and a residual sum, a mean, a dense layer."""
    rng = np.random.default_rng(seed)

    def dense(name: str, k: int, n: int, *, relu: bool = False) -> Dense:
        return Dense.quantized(name, rng.normal(size=(k, n)) / np.sqrt(k), rng.normal(size=n) * 0.1, bits, relu=relu)

    layers: list[Layer] = [dense("stem", 60, channels, relu=True)]
    for i in range(blocks):
        weights, bias = rng.normal(size=(taps, channels)), rng.normal(size=channels) * 0.1
        layers.append(Filter.quantized(f"filter_{i}", weights / np.sqrt(taps), bias, dilation=dilation))
        layers.append(dense(f"dense_{i}", channels, channels))
        layers.append(Add(f"add_{i}", channels, 3, relu=True))
    layers += [Mean("mean", channels, pooling), dense("logits", channels, labels)]
    names = ("_silence_", "_unknown_", *(f"word{i}" for i in range(labels - 2)))
    frontend = Frontend(bands=20, context_frames=frames)
    return QuantizedModel("temporal", tuple(layers), names, InputQuantization(0.046875, -20), frontend, stride=2)
