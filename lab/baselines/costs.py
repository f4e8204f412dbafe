"""What one model takes, ours or another's, and whether its image answers as it should."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lab.baselines.constants import constants, input_codes, output_values
from lab.baselines.device import measure_ours, measure_tflite
from lab.baselines.measure import Baseline
from lab.baselines.network import FloatNetwork
from lab.baselines.page import Costs
from pipeline.errors import ToolchainError
from pipeline.experiments.cells import CLEAN
from pipeline.export.op_resolver import operators
from pipeline.frontend import INPUT_QUANTIZATION
from pipeline.layers import logits
from pipeline.workflow.models import ModelFile

TOLERANCE = 0.05
"""Of the largest logit: CMSIS-NN rounds some ties otherwise than LiteRT."""


def cost_of_ours(file: ModelFile, clip: NDArray[np.int8], folder: Path, measured: bool) -> Costs:
    """A model of the method.

    Args:
        clip: int8 ``[1, inputs]``, what it is measured with.
        measured: whether to run it.

    Raises:
        ToolchainError: see ``measure_ours``; or the image's logits are not the reference's.
    """
    model = file.model
    footprint = None
    if measured:
        steps = clip.reshape(-1, model.stride * model.frontend.bands)
        footprint = measure_ours(model, steps, 4 * len(model.labels), folder / f"{model.bits}bit")
        if footprint.outputs[-1].view(np.float32).tobytes() != logits(model, clip)[0].tobytes():
            raise ToolchainError(f"the image of {model.name} does not give the reference's logits")
    return Costs(model.quantized_bytes, file.path.stat().st_size, model.macs, footprint)


def cost_of_tflite(
    other: Baseline, network: FloatNetwork, clip: NDArray[np.int8], folder: Path, tflm_root: Path | None
) -> Costs:
    """A model of built-in operators, of the same network.

    Raises:
        ToolchainError: see ``measure_tflite``; or the image's logits are not near LiteRT's.
    """
    tflite = other.file.read_bytes()
    streaming = "VAR_HANDLE" in operators(tflite)
    inputs = network.each_step(clip)[0] if streaming else network.windows(clip)
    footprint = None
    if tflm_root is not None:
        real = np.float32(INPUT_QUANTIZATION.scale) * (inputs.astype(np.float32) - INPUT_QUANTIZATION.zero_point)
        codes = input_codes(tflite, real)
        wanted = other.answers.conditions[CLEAN][0]
        footprint = measure_tflite(
            tflite, codes.reshape(len(codes), -1), len(wanted), tflm_root, folder / other.file.stem
        )
        found = output_values(tflite, footprint.outputs[-1].view(np.int8))
        if np.abs(found - wanted).max() > TOLERANCE * np.abs(wanted).max():
            raise ToolchainError(f"{other.name}: the image answers {found}, LiteRT {wanted}")
    macs = network.step_macs() if streaming else network.window_macs()
    return Costs(constants(tflite).bytes, len(tflite), macs, footprint)
