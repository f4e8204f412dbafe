"""What a campaign tests: the firmware as a Linux program around a small random model."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np

from lab.faults.campaign import Firmware
from pipeline.config import Frontend
from pipeline.export import write_c_arrays
from pipeline.firmware import build_firmware
from pipeline.layers import Dense, QuantizedModel
from pipeline.progress import SILENT, Progress
from pipeline.quantization import InputQuantization

_WIDTHS = (80, 33, 17, 5)
_INPUTS = 6


def _model(seed: int) -> QuantizedModel:
    draw = np.random.default_rng(seed)
    layers = tuple(
        Dense.quantized(
            f"dense_{i}",
            draw.normal(size=(k, n)) / np.sqrt(k),
            draw.normal(size=n) * 0.1,
            4,
            relu=i < len(_WIDTHS) - 2,
        )
        for i, (k, n) in enumerate(pairwise(_WIDTHS))
    )
    return QuantizedModel(
        "faults",
        layers,
        ("_silence_", "_unknown_", "one", "two", "three"),
        InputQuantization(0.05078125, -20),
        Frontend(bands=20, context_frames=4),
    )


def prepare(folder: Path, *, progress: Progress = SILENT) -> Firmware:
    """Builds two images that differ in their model's weights only, so that only the build hash tells them apart.

    Raises:
        ToolchainError: no C compiler.
        FirmwareError: the firmware does not build.
    """
    images = []
    for name, seed in (("tested", 1), ("stale", 2)):
        sources = folder / name / "model"
        sources.mkdir(parents=True, exist_ok=True)
        write_c_arrays(_model(seed), "reference", sources, source_hash=f"{seed:016x}")
        images.append(build_firmware("host", sources, folder / name, progress=progress))
    features = np.random.default_rng(0).integers(-127, 128, (_INPUTS, _WIDTHS[0]), dtype=np.int8)
    return Firmware(images[0], images[1], _model(1), features)
