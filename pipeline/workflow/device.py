"""Device stages: from a ``.tflite`` to an image, and from an image to the answers of the device that runs it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.boards import board
from pipeline.device import open_device, run_test
from pipeline.device.tflm import build_tflm_firmware, source_digest
from pipeline.export import read_tflite, write_c_arrays
from pipeline.export.tflm_library import inspect_tflm
from pipeline.files import sha256_file, write_text
from pipeline.firmware import FirmwareImage, build_firmware
from pipeline.progress import Progress
from pipeline.stages import Stages, code_version
from pipeline.workflow.data import TestSet

_IMAGE_CODE = ("firmware", "platformio.ini", "pipeline/export", "pipeline/quantization", "pipeline/firmware.py")


@dataclass(frozen=True)
class Aim:
    """What runs the model.

    Attributes:
        target: a name of ``pipeline.boards``.
        port: serial port of a real board; None runs the target's emulator.
        tflm_root: the user's TensorFlow Lite Micro (``include/`` and ``lib/``); None runs without an interpreter.
    """

    target: str
    port: str | None = None
    tflm_root: Path | None = None


@dataclass(frozen=True)
class LayerTime:
    """One layer of one inference, in the target's unit."""

    name: str
    units: float


@dataclass(frozen=True)
class DeviceTest:
    """What a device did with the test clips, as kept on disk.

    Attributes:
        logits: float32 ``[n, labels]``.
        unit: "instructions", "cycles" or "microseconds".
        differing_logits: logits that differ from the numpy reference in any bit.
        stack_used: high-water mark in bytes; None where the system owns the stack.
    """

    logits: NDArray[np.float32]
    unit: str
    units_per_inference: float
    layers: tuple[LayerTime, ...]
    differing_logits: int
    stack_used: int | None
    kernels: str
    engine: str
    retries: int
    seconds: float


def build_image(model_file: Path, aim: Aim, stages: Stages, progress: Progress) -> FirmwareImage:
    """Builds the firmware of a target around a ``.tflite``.

    Raises:
        ModelFileError, ToolchainError, FirmwareError: see ``read_tflite`` and ``build_firmware``.
    """

    def make(folder: Path) -> None:
        model, source_hash = read_tflite(model_file), sha256_file(model_file)
        if aim.tflm_root is not None:
            image = build_tflm_firmware(
                aim.target, model, folder, aim.tflm_root, source_hash=source_hash, progress=progress
            )
        else:
            generated = folder / "c"
            write_c_arrays(model, board(aim.target).variant, generated, source_hash=source_hash)
            image = build_firmware(aim.target, generated, folder, progress=progress)
        facts = {**asdict(image), "elf": image.elf.name}
        write_text(folder / "image.json", json.dumps(facts, indent=1))

    library = (
        None if aim.tflm_root is None else source_digest(inspect_tflm(aim.tflm_root, board(aim.target).cpu).library)
    )
    inputs = {
        "model": sha256_file(model_file),
        "target": aim.target,
        "tflm": library,
        "code": code_version(*_IMAGE_CODE),
    }
    folder = stages.run(f"firmware-{aim.target}", inputs, make).folder
    facts: dict[str, Any] = json.loads((folder / "image.json").read_text("utf-8"))
    return FirmwareImage(**{**facts, "elf": folder / facts["elf"]})


def test_on_device(
    image: FirmwareImage, model_file: Path, test: TestSet, port: str | None, stages: Stages, progress: Progress
) -> DeviceTest:
    """Sends every test clip through the device and compares every logit with the numpy reference.

    On an emulator the answer depends on the image alone and is kept; a real board is asked every time, but goes on
    where an interrupted test stopped.

    Raises:
        ToolchainError, DeviceError: see ``open_device`` and ``run_test``.
    """

    def make(folder: Path) -> None:
        model = read_tflite(model_file)
        with open_device(image.target, image, port=port) as device:
            result = run_test(device, model, test.features, progress=progress, resume=folder / "journal.txt")
        np.save(folder / "logits.npy", result.logits)
        stack = result.memory.stack_used if result.memory.stack else None
        facts = {
            "unit": result.unit,
            "units_per_inference": result.units_per_inference,
            "layers": [{"name": layer.name, "units": layer.units} for layer in result.layers],
            "differing_logits": result.differing_logits,
            "stack_used": stack,
            "kernels": result.build.kernels,
            "engine": result.build.engine,
            "retries": result.retries,
            "seconds": result.seconds,
        }
        write_text(folder / "device.json", json.dumps(facts, indent=1))

    inputs = {"image": image.build_hash, "test": test.key, "code": code_version("pipeline/device"), "port": port}
    stage = stages.run(f"device-{image.target}", inputs, make, keep=port is None)
    facts: dict[str, Any] = json.loads((stage.folder / "device.json").read_text("utf-8"))
    layers = tuple(LayerTime(**layer) for layer in facts.pop("layers"))
    return DeviceTest(logits=np.load(stage.folder / "logits.npy"), layers=layers, **facts)


test_on_device.__test__ = False  # type: ignore[attr-defined]  # its name is not meant for pytest
