"""Winners' costs as the emulated board counts them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.flashing.hardware_map import MappedBoard
from pipeline.stages import Stages
from pipeline.workflow.device import Aim, ask_boards
from pipeline.workflow.models import ModelFile

_TARGET = "qemu"


@dataclass(frozen=True)
class Counted:
    """What the emulated Cortex-M4 says of a model, see ``pipeline.cost.Cost``; ``image_bytes``: the whole firmware."""

    flash_bytes: int
    ram_bytes: int
    instructions: float
    image_bytes: int


def count(model: Path, stages: Stages) -> Counted:
    """Builds the firmware around a ``.tflite`` and lets it listen.

    Raises:
        ToolchainError, FirmwareError, DeviceError: no compiler or emulator, or the image does not fit.
    """
    file = ModelFile.read(model)
    aim = Aim((MappedBoard(name=_TARGET, target=_TARGET, emulated=True),))
    image = aim.image(file, stages)
    clip = np.zeros((1, file.model.inputs), np.int8)
    (outcome,) = ask_boards(aim, image, file.model, clip, "zeros", stages)
    result = outcome.result
    assert result is not None
    assert result.listening is not None  # an emulated Cortex-M counts
    listening = result.listening
    return Counted(image.model_bytes, result.memory.buffers, listening.network / listening.steps, image.flash_bytes)
