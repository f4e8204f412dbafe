"""Images of random models, each built once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from pipeline.boards import board
from pipeline.export import write_c_arrays
from pipeline.firmware import FirmwareImage, build_firmware
from pipeline.layers import QuantizedModel
from tests.conftest import make_model, make_temporal_model


@dataclass(frozen=True)
class Built:
    model: QuantizedModel
    image: FirmwareImage


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Callable[..., Built]:
    """``built(target, bits=4, seed=0)``: a random model in an image of the target; a perceptron, or ``temporal``,
    whose layers may have several ``bits``."""

    @cache
    def make(
        target: str,
        bits: int | tuple[int, ...] = 4,
        seed: int = 0,
        flags: tuple[str, ...] = (),
        temporal: bool = False,
    ) -> Built:
        folder: Path = tmp_path_factory.mktemp(f"{target}-{seed}-{temporal}")
        model = make_temporal_model(bits, seed=seed) if temporal else make_model(bits, widths=(33, 17, 40), seed=seed)
        write_c_arrays(model, board(target).core.variant, folder / "c", source_hash=f"{seed:064x}")
        return Built(model, build_firmware(target, folder / "c", folder, flags=flags))

    return make
