"""Image stage: from a ``.tflite`` to the firmware of a target."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.boards import board
from pipeline.config import WeightsIn
from pipeline.device.tflm import build_tflm_firmware
from pipeline.errors import UsageError
from pipeline.export import write_c_arrays
from pipeline.export.tflm_library import inspect_tflm
from pipeline.files import sha256_file, write_text
from pipeline.firmware import FirmwareImage, build_firmware, toolchain
from pipeline.stages import Stages
from pipeline.workflow.models import ModelFile


def build_image(
    file: ModelFile,
    target: str,
    stages: Stages,
    *,
    environment: str | None = None,
    tflm_root: Path | None = None,
    weights_in: WeightsIn = "flash",
) -> FirmwareImage:
    """Builds the firmware of a target around a ``.tflite``.

    Args:
        environment: PlatformIO environment, when it is not the target's own.
        tflm_root: the user's TensorFlow Lite Micro; None calls the kernels without an interpreter.
        weights_in: memory that the kernels read weights and parameters from.

    Raises:
        ToolchainError, FirmwareError: see ``build_firmware``.
        UsageError: weights in RAM for an interpreter, whose model file stays in flash.
    """
    if tflm_root is not None and weights_in == "ram":
        raise UsageError('weights_in = "ram" is not for the engine tflm: its .tflite stays in flash', "leave one out")
    chosen, progress = board(target), stages.progress

    def make(folder: Path) -> None:
        if tflm_root is not None:
            image = build_tflm_firmware(
                target, file.model, folder, tflm_root, source_hash=file.digest, progress=progress
            )
        else:
            generated = folder / "c"
            write_c_arrays(file.model, chosen.core.variant, generated, source_hash=file.digest, weights_in=weights_in)
            image = build_firmware(target, generated, folder, environment=environment, progress=progress)
        facts = {**asdict(image), "elf": image.elf.name}
        write_text(folder / "image.json", json.dumps(facts, indent=1))

    inputs = {
        "model": file.digest,
        "target": target,
        "environment": environment or target,
        "tflm": None if tflm_root is None else sha256_file(inspect_tflm(tflm_root, chosen.core).library),
        "toolchain": toolchain(chosen),
        "weights_in": weights_in,
    }
    folder = stages.run(f"firmware-{target}", inputs, make).folder
    facts: dict[str, Any] = json.loads((folder / "image.json").read_text("utf-8"))
    return FirmwareImage(**{**facts, "elf": folder / facts["elf"]})
