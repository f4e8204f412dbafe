"""Image stage: from a ``.tflite`` to the firmware of a target."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.boards import board
from pipeline.device.tflm import build_tflm_firmware, source_digest
from pipeline.export import read_tflite, write_c_arrays
from pipeline.export.tflm_library import inspect_tflm
from pipeline.files import sha256_file, write_text
from pipeline.firmware import FirmwareImage, build_firmware
from pipeline.progress import Progress
from pipeline.stages import Stages, code_version

_CODE = (
    "firmware",
    "platformio.ini",
    "pipeline/export",
    "pipeline/layers",
    "pipeline/quantization",
    "pipeline/firmware.py",
)


def build_image(
    model_file: Path,
    target: str,
    stages: Stages,
    progress: Progress,
    *,
    environment: str | None = None,
    tflm_root: Path | None = None,
) -> FirmwareImage:
    """Builds the firmware of a target around a ``.tflite``.

    Args:
        environment: PlatformIO environment, when it is not the target's own.
        tflm_root: the user's TensorFlow Lite Micro; None calls the kernels without an interpreter.

    Raises:
        ModelFileError, ToolchainError, FirmwareError: see ``read_tflite`` and ``build_firmware``.
    """
    chosen = board(target)

    def make(folder: Path) -> None:
        model, source_hash = read_tflite(model_file), sha256_file(model_file)
        if tflm_root is not None:
            image = build_tflm_firmware(target, model, folder, tflm_root, source_hash=source_hash, progress=progress)
        else:
            generated = folder / "c"
            write_c_arrays(model, chosen.core.variant, generated, source_hash=source_hash)
            image = build_firmware(target, generated, folder, environment=environment, progress=progress)
        facts = {**asdict(image), "elf": image.elf.name}
        write_text(folder / "image.json", json.dumps(facts, indent=1))

    inputs = {
        "model": sha256_file(model_file),
        "target": target,
        "environment": environment or target,
        "tflm": None if tflm_root is None else source_digest(inspect_tflm(tflm_root, chosen.core).library),
        "code": code_version(*_CODE),
    }
    folder = stages.run(f"firmware-{target}", inputs, make).folder
    facts: dict[str, Any] = json.loads((folder / "image.json").read_text("utf-8"))
    return FirmwareImage(**{**facts, "elf": folder / facts["elf"]})
