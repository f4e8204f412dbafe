"""The test of a model on a device: every input through it."""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.device.client import Client, Refused
from pipeline.device.result import DeviceResult, LayerTime
from pipeline.device.session import Device
from pipeline.errors import DeviceError
from pipeline.journal import Journal
from pipeline.layers import QuantizedModel
from pipeline.progress import SILENT, Progress
from pipeline.protocol.declared import LayerTicks

_LAYER_ATTEMPTS = 3


def _layers_of(client: Client, row: NDArray[np.int8]) -> tuple[LayerTicks, ...]:
    """Per-layer ticks of one inference of ``row``; a device that resets in between has forgotten it: asked again."""
    for _ in range(_LAYER_ATTEMPTS):
        client.run(row)  # `layers%` tells of the last inference, and a resumed run may have made none
        with suppress(Refused):
            return client.layers()
    client.run(row)
    return client.layers()


def journal_key(build: str, features: NDArray[np.int8]) -> str:
    """What the journal of a test belongs to: the firmware's build hash and the inputs int8 ``[B, K]``."""
    digest = hashlib.sha256(np.ascontiguousarray(features).tobytes()).hexdigest()
    return f"dynq-journal-2 {build} {digest[:16]} {len(features)}"


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
    with (
        Journal(resume, journal_key(build.build, rows)) as journal,
        progress.task(f"Testing on {device.board.target}", len(rows)) as task,
    ):
        done = {index for index, _, _ in journal.values}
        resumed = len(done)
        task.advance(resumed)
        for index, row in enumerate(rows):
            if index not in done:
                found = client.run(row)
                journal.add([index, found.ticks, found.logits.tobytes().hex()])
                task.advance()
        layers = _layers_of(client, rows[-1])
        memory = client.memory()
    results = {index: (ticks, bits) for index, ticks, bits in journal.values}  # two tests may have shared a journal
    logits = np.stack([np.frombuffer(bytes.fromhex(results[index][1]), np.float32) for index in range(len(rows))])
    unit = device.unit.of
    return DeviceResult(
        build,
        device.unit.name,
        logits,
        np.array([unit(results[index][0]) for index in range(len(rows))]),
        tuple(LayerTime(layer.name, unit(layer.ticks)) for layer in layers),
        memory,
        client.retries,
        resumed,
        time.monotonic() - started,
    )
