"""Device stage: what one board or several answer to every test clip."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.boards import board
from pipeline.config import WeightsIn
from pipeline.device import DeviceResult
from pipeline.emulators import EMULATORS
from pipeline.errors import DeviceError, UsageError
from pipeline.export.tflm_library import inspect_tflm
from pipeline.firmware import FirmwareImage, toolchain
from pipeline.flashing import usb_ports
from pipeline.flashing.desk import run_on_board
from pipeline.flashing.hardware_map import BoardOutcome, MappedBoard, on_all
from pipeline.layers import QuantizedModel
from pipeline.stages import Stages
from pipeline.workflow.image import build_image
from pipeline.workflow.models import ModelFile


@dataclass(frozen=True)
class Aim:
    """What runs the model.

    Attributes:
        boards: real or emulated; all of one target.
        flash: write the image to the real ones first.
        tflm_root: the user's TensorFlow Lite Micro (``include/`` and ``lib/``); None runs without an interpreter.
    """

    boards: tuple[MappedBoard, ...]
    flash: bool = False
    tflm_root: Path | None = None

    def __post_init__(self) -> None:
        targets = sorted({board.target for board in self.boards})
        if len(targets) != 1:
            raise UsageError(
                f"the boards have {len(targets)} targets: {', '.join(targets)}", "test one target at a time"
            )

    @property
    def target(self) -> str:
        """Name of the boards' target."""
        return self.boards[0].target

    @property
    def label(self) -> str:
        """The target, and the engine when it is not the usual one: part of the names of what a run leaves."""
        return self.target if self.tflm_root is None else f"{self.target}_tflm"

    @property
    def real(self) -> bool:
        """Whether any board is no emulator."""
        return not all(board.emulated for board in self.boards)

    def check(self) -> None:
        """Looks for what would stop the run once a model is there: better now than after minutes of training.

        Raises:
            ToolchainError: no compiler, no emulator, or a TensorFlow Lite Micro that cannot be linked.
            DeviceError: none of the boards is there; the first one's error.
        """
        chosen = board(self.target)
        toolchain(chosen)
        if self.tflm_root is not None:
            inspect_tflm(self.tflm_root, chosen.core)
        if any(mapped.emulated for mapped in self.boards):
            EMULATORS[chosen.emulator].check()
            return
        errors = [error for mapped in self.boards if (error := _missing(mapped)) is not None]
        if len(errors) == len(self.boards):
            raise errors[0]

    def image(self, file: ModelFile, stages: Stages, weights_in: WeightsIn = "flash") -> FirmwareImage:
        """Builds what the boards run, with weights in that memory.

        Raises:
            UsageError: some boards need the image for USB and others the one for serial pins, or TFLM should run in the
                former.
        """
        through_usb = {_through_usb(board) for board in self.boards}
        if len(through_usb) > 1:
            raise UsageError("some boards are reached through USB and others are not", "test them one kind at a time")
        usb = board(self.target).usb
        environment = usb.environment if usb and through_usb == {True} else None
        if environment is not None and self.tflm_root is not None:
            raise UsageError(
                "the engine tflm is not built with USB serial", "use a debug probe or a serial adapter (docs/nano33.md)"
            )
        return build_image(
            file, self.target, stages, environment=environment, tflm_root=self.tflm_root, weights_in=weights_in
        )


def _missing(mapped: MappedBoard) -> DeviceError | None:
    """Why a real board cannot be tested: nothing is plugged in where it should be."""
    try:
        port = str(mapped.serial_port())
    except DeviceError as error:
        return error
    if not port.startswith("/") or os.path.exists(port):
        return None
    return DeviceError(f"there is no port {port}", "plug the board in; `pio device list` shows the ports")


def _through_usb(mapped: MappedBoard) -> bool:
    """Whether a board's serial port is its own USB socket: no debug probe, no serial adapter."""
    if board(mapped.target).usb is None or mapped.emulated or mapped.probe is not None:
        return False
    own = any(port.device == mapped.port and port.board is not None for port in usb_ports())
    return mapped.usb_serial is not None or own


def ask_boards(
    aim: Aim, image: FirmwareImage, model: QuantizedModel, features: NDArray[np.int8], key: str, stages: Stages
) -> tuple[BoardOutcome[DeviceResult], ...]:
    """Sends every test clip, int8 ``[n, inputs]``, through every board at once; ``key`` is the features' digest.

    On an emulator the answer depends on the image alone and is kept; a real board is asked every time, but goes on
    where an interrupted test stopped. One board's failure stops no other.

    Raises:
        ToolchainError, DeviceError: no board finished; the first one's error.
    """

    def ask(mapped: MappedBoard) -> DeviceResult:
        def make(folder: Path) -> None:
            journal = folder / "journal"
            run_on_board(
                mapped, image, model, features, flash=aim.flash, journal=journal, progress=stages.progress
            ).save(folder)
            journal.unlink()

        inputs = {
            "image": image.build_hash,
            "test": key,
            "emulator": EMULATORS[board(image.target).emulator].version(),
            "board": mapped.model_dump(),
        }
        stage = stages.run(f"device-{mapped.name}", inputs, make, keep=mapped.emulated, resume=True)
        return DeviceResult.load(stage.folder)

    outcomes = on_all(aim.boards, ask)
    if all(outcome.error is not None for outcome in outcomes):
        raise next(outcome.error for outcome in outcomes if outcome.error is not None)
    return outcomes
