"""What is measured: single layers of several shapes and a whole model, on every core, at every bit width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from lab.bench.cores import Core
from lab.bench.count import Measurement, build_plugin, measure
from lab.bench.image import build_image, code_bytes
from lab.bench.runner import Job, Source
from pipeline.errors import ToolchainError
from pipeline.layers import Dense, Rows, Signal
from pipeline.layers.dense_packing import pack
from pipeline.progress import SILENT, Progress
from pipeline.quantization import InputQuantization

SHAPES: tuple[tuple[int, int], ...] = ((440, 128), (128, 128), (128, 12), (512, 512))
"""Inputs and outputs of the single layers."""

MLP: tuple[int, ...] = (640, 128, 128, 128, 12)
"""Widths of the model that peers were measured on."""

SCALE, ZERO_POINT = 0.05, -20
"""What int8 inputs stand for."""


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes:
        what: shape, as ``440x128`` or ``640-128-128-128-12 + softmax``.
        source: ``floats`` (range found and codes made in the call) or ``bytes`` (int8 input).
        cycles: estimated Cortex-M4 cycles; None on other cores, whose timing the model does not describe.
        code_bytes: the library's code for this bit width.
        parameter_bytes: scale, offset, column sum and bias of every column.
    """

    core: str
    variant: str
    bits: int
    what: str
    source: str
    macs: int
    instructions: int
    cycles: int | None
    code_bytes: int
    weight_bytes: int
    parameter_bytes: int
    scratch_bytes: int

    @property
    def key(self) -> tuple[str, str, int, str, str]:
        return self.core, self.variant, self.bits, self.what, self.source


def _layer(rng: np.random.Generator, inputs: int, outputs: int, bits: int, relu: bool) -> Dense:
    weights = rng.normal(size=(inputs, outputs)) / np.sqrt(inputs)
    return Dense.quantized("bench", weights, rng.normal(size=outputs) * 0.1, bits, relu=relu)


def _job(rng: np.random.Generator, layer: Dense, source: Source, want_range: bool) -> Job:
    if source == "bytes":
        x = rng.integers(-128, 128, layer.inputs).astype(np.int8)
        return Job(layer, x, source, scale=SCALE, zero_point=ZERO_POINT, want_range=want_range)
    return Job(layer, rng.normal(size=layer.inputs).astype(np.float32), source, want_range=want_range)


def model_jobs(bits: int, source: Source, seed: int = 0) -> list[Job]:
    """One inference as the aot engine makes it: every layer takes the range that the one before found, then softmax."""
    rng = np.random.default_rng((seed, bits))
    jobs: list[Job] = []
    for index, (inputs, outputs) in enumerate(pairwise(MLP)):
        last = index == len(MLP) - 2
        layer = _layer(rng, inputs, outputs, bits, relu=not last)
        jobs.append(Job(layer, None, "previous", want_range=not last) if jobs else _job(rng, layer, source, True))
    return [*jobs, Job(None, None, "softmax", outputs=MLP[-1])]


def _expected(jobs: Sequence[Job]) -> Iterator[np.ndarray]:
    y = np.zeros(0, np.float32)
    for job in jobs:
        if job.layer is None:
            continue
        x: Signal = y if job.x is None else job.x.astype(np.float32)
        if job.source == "bytes":
            x = Rows(np.asarray(job.x, np.int8), InputQuantization(job.scale, job.zero_point))
        y = job.layer.step(None, x)[1]
        yield y


def _verify(jobs: Sequence[Job], measured: Sequence[Measurement], where: str) -> None:
    """A count of a wrong result would mean nothing."""
    for expected, got in zip(_expected(jobs), measured, strict=False):
        if not np.array_equal(expected.view(np.uint32), got.result.y.view(np.uint32)):
            raise ToolchainError(f"{where}: the kernels' result differs from the reference")


def _row(
    core: Core, variant: str, bits: int, what: str, jobs: Sequence[Job], measured: Sequence[Measurement], code: int
) -> Row:
    layers = [job.layer for job in jobs if job.layer is not None]
    packed = [pack(layer.columns, variant) for layer in layers]
    return Row(
        core.name,
        variant,
        bits,
        what,
        jobs[0].source,
        sum(layer.macs for layer in layers),
        sum(one.instructions for one in measured),
        sum(one.cycles for one in measured) if core.name == "m4" else None,
        code,
        sum(len(one.weights) for one in packed),
        sum(one.columns.nbytes for one in packed),
        max(one.result.scratch_bytes for one in measured),
    )


def run_suite(
    cores: Sequence[Core], bits: Sequence[int], folder: Path, *, references: bool = True, progress: Progress = SILENT
) -> list[Row]:
    """Builds, runs, verifies and counts everything.

    Args:
        folder: for images and the plugin.
        references: whether the portable reference is measured too, on cores m0, m3 and m4.

    Raises:
        ToolchainError: a tool is missing or failed, or a result is not bit-exact.
    """
    plugin = build_plugin(folder)
    variants = [(core, core.variant) for core in cores]
    if references:
        variants += [(core, "reference") for core in cores if core.name in ("m0", "m3", "m4")]
    rows: list[Row] = []
    with progress.task("Counting instructions", len(variants) * len(bits)) as task:
        for core, variant in variants:
            image = build_image(core, folder, variant=variant)
            code = code_bytes(image)
            for width in bits:
                for what, jobs in _workload(width, core.blob[1]):
                    measured = measure(image, plugin, jobs)
                    _verify(jobs, measured, f"{core.name} {variant}, {width} bits, {what}")
                    rows.append(_row(core, variant, width, what, jobs, measured, code[width]))
                task.advance(note=f"{core.name} {variant} {width} bits")
    return rows


def _workload(bits: int, capacity: int) -> Iterator[tuple[str, list[Job]]]:
    sources: tuple[Source, ...] = ("floats", "bytes")
    for inputs, outputs in SHAPES:
        rng = np.random.default_rng((inputs, outputs, bits))
        layer = _layer(rng, inputs, outputs, bits, relu=True)
        for source in sources:
            if inputs * outputs * bits // 8 < capacity * 3 // 4:  # a Cortex-M0 board does not hold the largest
                yield f"{inputs}x{outputs}", [_job(rng, layer, source, True)]
    for source in sources:
        yield "-".join(map(str, MLP)) + " + softmax", model_jobs(bits, source)
