"""Device stage: what one board or several answer to every test clip."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.boards import board
from pipeline.device import DeviceResult
from pipeline.emulators import EMULATORS
from pipeline.errors import UsageError
from pipeline.files import write_text
from pipeline.firmware import FirmwareImage
from pipeline.flashing import usb_ports
from pipeline.flashing.desk import run_on_boards
from pipeline.flashing.hardware_map import MappedBoard
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

    def image(self, file: ModelFile, stages: Stages) -> FirmwareImage:
        """Builds what the boards run.

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
        return build_image(file, self.target, stages, environment=environment, tflm_root=self.tflm_root)


def _through_usb(mapped: MappedBoard) -> bool:
    """Whether a board's serial port is its own USB socket: no debug probe, no serial adapter."""
    if board(mapped.target).usb is None or mapped.emulated or mapped.probe is not None:
        return False
    own = any(port.device == mapped.port and port.board is not None for port in usb_ports())
    return mapped.usb_serial is not None or own


@dataclass(frozen=True)
class LayerTime:
    """One layer of one inference, in the target's unit."""

    name: str
    units: float


@dataclass(frozen=True)
class DeviceTest:
    """What a device did with the test clips, as kept on disk.

    Attributes:
        board: its name.
        logits: float32 ``[n, labels]``.
        unit: "instructions", "cycles" or "microseconds".
        stack_used: high-water mark in bytes; None where the system owns the stack.
    """

    board: str
    logits: NDArray[np.float32]
    unit: str
    units_per_inference: float
    layers: tuple[LayerTime, ...]
    stack_used: int | None
    kernels: str
    engine: str
    retries: int
    seconds: float


@dataclass(frozen=True)
class Failure:
    """A board that did not finish its test, and why."""

    board: str
    reason: str


@dataclass(frozen=True)
class DeviceTests:
    """Results of all boards; at least one finished."""

    tests: tuple[DeviceTest, ...]
    failures: tuple[Failure, ...]


def ask_boards(
    aim: Aim, image: FirmwareImage, model: QuantizedModel, features: NDArray[np.int8], key: str, stages: Stages
) -> DeviceTests:
    """Sends every test clip, int8 ``[n, inputs]``, through every board; ``key`` is the features' digest.

    On an emulator the answer depends on the image alone and is kept; a real board is asked every time, but goes on
    where an interrupted test stopped.

    Raises:
        ToolchainError, DeviceError: no board finished; the first one's error.
    """

    def make(folder: Path) -> None:
        outcomes = run_on_boards(
            aim.boards,
            {aim.target: image},
            model,
            features,
            flash=aim.flash,
            journals=folder,
            progress=stages.progress,
        )
        errors = [outcome.error for outcome in outcomes if outcome.error is not None]
        if len(errors) == len(outcomes):
            raise errors[0]
        facts = []
        for outcome in outcomes:
            if outcome.result is not None:
                np.save(folder / f"{outcome.board.name}.npy", outcome.result.logits)
                facts.append({"board": outcome.board.name, **_facts(outcome.result)})
            elif outcome.error is not None:
                facts.append({"board": outcome.board.name, "reason": outcome.error.message})
        write_text(folder / "boards.json", json.dumps(facts, indent=1))

    inputs = {
        "image": image.build_hash,
        "test": key,
        "emulator": EMULATORS[board(image.target).emulator].version(),
        "boards": [board.model_dump() for board in aim.boards],
    }
    keep = all(board.emulated for board in aim.boards)
    folder = stages.run(f"device-{aim.target}", inputs, make, keep=keep, resume=True).folder
    return _read(folder, json.loads((folder / "boards.json").read_text("utf-8")))


def _facts(result: DeviceResult) -> dict[str, Any]:
    return {
        "unit": result.unit,
        "units_per_inference": result.units_per_inference,
        "layers": [{"name": layer.name, "units": layer.units} for layer in result.layers],
        "stack_used": result.memory.stack_used if result.memory.stack else None,
        "kernels": result.build.kernels,
        "engine": result.build.engine,
        "retries": result.retries,
        "seconds": result.seconds,
    }


def _read(folder: Path, rows: Sequence[dict[str, Any]]) -> DeviceTests:
    tests, failures = [], []
    for row in rows:
        if "reason" in row:
            failures.append(Failure(**row))
        else:
            layers = tuple(LayerTime(**layer) for layer in row.pop("layers"))
            tests.append(DeviceTest(logits=np.load(folder / f"{row['board']}.npy"), layers=layers, **row))
    return DeviceTests(tuple(tests), tuple(failures))
