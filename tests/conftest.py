"""Shared fixtures: the optional folder of recorded speech, and small quantized models."""

from __future__ import annotations

import itertools
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from pipeline.config import Frontend
from pipeline.layers import Add, Dense, Filter, Layer, Mean, QuantizedModel
from pipeline.quantization import InputQuantization

pytest_plugins = ["pytester"]  # pytest only takes this from here

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a shell's background; commands under test shall heed it
    signal.signal(signal.SIGINT, signal.default_int_handler)

TESTS = Path(__file__).parent
LONG = """
workflow/test_build workflow/test_stale training/test_fit training/test_replicas lab/faults/test_campaign
kernels/test_emulated on_device/test_board experiments/test_cells experiments/test_command lab/test_misuse
emulators/nrf52840/test_virtual_board export/library/test_library searching/test_search test_guides
layers/test_extending test_api lab/baselines/test_baseline device/test_audio tflm/test_operator_in_wheel test_listen
emulators/nrf52840/test_several_boards workflow/test_tuning
"""
"""Files that take longest, the worst first: of two workers neither is then left with one of them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {TESTS / f"{name}.py": place for place, name in enumerate(LONG.split())}
    items.sort(key=lambda item: order.get(item.path, len(order)))


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
    bits: int | tuple[int, ...] = 4,
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
    a dense layer and a residual sum, a mean, a dense layer. Of several ``bits`` dense layers get one after another."""
    rng = np.random.default_rng(seed)
    widths = itertools.cycle((bits,) if isinstance(bits, int) else bits)

    def dense(name: str, k: int, n: int, *, relu: bool = False) -> Dense:
        weights, bias = rng.normal(size=(k, n)) / np.sqrt(k), rng.normal(size=n) * 0.1
        return Dense.quantized(name, weights, bias, next(widths), relu=relu)

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
