"""The test of a model on a device: every input through it, every logit compared bit for bit with the reference."""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.device.client import Client, Refused
from pipeline.device.session import Device
from pipeline.errors import DeviceError
from pipeline.journal import Journal
from pipeline.layers import QuantizedModel
from pipeline.layers import logits as reference_logits
from pipeline.progress import SILENT, Progress
from pipeline.protocol.declared import BuildInfo, LayerTicks, MemoryUse

_LAYER_ATTEMPTS = 3


@dataclass(frozen=True)
class LayerTiming:
    """One layer of one inference; ``units`` are the target's instructions or cycles."""

    name: str
    outputs: int
    ticks: int
    units: float


@dataclass(frozen=True)
class DeviceResult:
    """What a device did with a set of inputs.

    Attributes:
        unit: what ``units`` count: "instructions", "cycles" or "microseconds".
        logits: float32 ``[B, labels]``, the device's bits.
        ticks: int64 ``[B]``, board ticks of each inference.
        units_per_inference: median over the inputs.
        layers: of the last input.
        mismatches: rows whose logits differ from the numpy reference in any bit.
        differing_logits: single logits that do.
        retries: commands that had to be sent again.
        resumed: results that an earlier, interrupted run had already collected.
        seconds: wall-clock time of the test.
    """

    target: str
    build: BuildInfo
    unit: str
    logits: NDArray[np.float32]
    ticks: NDArray[np.int64]
    units_per_inference: float
    layers: tuple[LayerTiming, ...]
    memory: MemoryUse
    mismatches: tuple[int, ...]
    differing_logits: int
    retries: int
    resumed: int
    seconds: float


def _layers_of(client: Client, row: NDArray[np.int8]) -> tuple[LayerTicks, ...]:
    """Per-layer ticks of one inference of ``row``; a device that resets in between has forgotten it: asked again."""
    for _ in range(_LAYER_ATTEMPTS):
        client.run(row)  # `layers%` tells of the last inference, and a resumed run may have made none
        with suppress(Refused):
            return client.layers()
    client.run(row)
    return client.layers()


def run_test(
    device: Device,
    model: QuantizedModel,
    features: NDArray[np.int8],
    *,
    progress: Progress = SILENT,
    resume: Path | None = None,
) -> DeviceResult:
    """Sends every row of int8 ``[B, K]`` through the device.

    Args:
        resume: journal that keeps the results of an interrupted run.

    Raises:
        DeviceError: the device carries another model, or the link failed for good; the journal keeps the results.
    """
    started = time.monotonic()
    client, build = device.client, device.build
    inputs, labels = model.inputs, len(model.labels)
    if (build.inputs, build.labels, build.model) != (inputs, labels, model.name):
        raise DeviceError(
            f"the device carries model {build.model} with {build.inputs} inputs and {build.labels} labels, "
            f"not {model.name} with {inputs} and {labels}",
            "build and flash the firmware of this model",
        )
    if features.dtype != np.int8 or features.ndim != 2 or features.shape[1] != inputs or not len(features):
        raise DeviceError(f"features are {features.dtype} {features.shape}, the device takes int8 [B, {inputs}]")
    rows = np.ascontiguousarray(features)
    key = f"dynq-journal-1 {build.build} {hashlib.sha256(rows.tobytes()).hexdigest()[:16]} {len(rows)}"
    with Journal(resume, key) as journal, progress.task(f"Testing on {device.board.target}", len(rows)) as task:
        resumed = len(journal.values)
        done = {index for index, _, _ in journal.values}
        task.advance(resumed)
        for index, row in enumerate(rows):
            if index not in done:
                found = client.run(row)
                journal.add([index, found.ticks, found.logits.tobytes().hex()])
                task.advance()
        layers = _layers_of(client, rows[-1])
        memory = client.memory()
    results = sorted(journal.values)
    logits = np.stack([np.frombuffer(bytes.fromhex(bits), np.float32) for _, _, bits in results])
    ticks = np.array([ticks for _, ticks, _ in results], np.int64)
    differs = logits.view(np.uint32) != reference_logits(model, rows).view(np.uint32)
    unit = device.unit.of
    return DeviceResult(
        device.board.target,
        build,
        device.unit.name,
        logits,
        ticks,
        unit(float(np.median(ticks))),
        tuple(LayerTiming(layer.name, layer.outputs, layer.ticks, unit(layer.ticks)) for layer in layers),
        memory,
        tuple(int(i) for i in np.flatnonzero(differs.any(axis=1))),
        int(differs.sum()),
        client.retries,
        resumed,
        time.monotonic() - started,
    )
