"""Builds, runs, verifies and counts every workload on every core."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from lab.bench.calls import Floats, Job, Softmax, expected
from lab.bench.cores import Core
from lab.bench.count import Measurement, build_plugin, measure
from lab.bench.cycles import disassemble, estimate
from lab.bench.image import Image, build_image, code_bytes
from lab.bench.peers import Peer, peer_jobs, verify_peer
from lab.bench.workloads import SHAPES, Workload, layers_over_time, workloads
from pipeline.errors import ToolchainError
from pipeline.flash import flash_waits
from pipeline.progress import SILENT, Progress


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes:
        variant: of the kernels, or a peer's name and version.
        bits: of the dense weights, 0 where there are none.
        what, source: see :class:`lab.bench.workloads.Workload`.
        cycles: estimated Cortex-M4 cycles; None on other cores, whose timing the model does not describe.
        code_bytes: the library's code for this bit width.
        parameter_bytes: of columns and filters.
        state_bytes: that layers keep from step to step.
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
    state_bytes: int

    @property
    def flash_cycles(self) -> int | None:
        """The same where constants lie in the nRF52840's flash; None where loads are not of whole words."""
        if self.cycles is None or self.variant == "reference":
            return None
        return self.cycles + flash_waits(self.weight_bytes + self.parameter_bytes)

    @property
    def key(self) -> tuple[str, str, int, str, str]:
        return self.core, self.variant, self.bits, self.what, self.source


def verify(jobs: Sequence[Job], wanted: Iterable[Floats], measured: Sequence[Measurement], where: str) -> None:
    """Refuses a count of a wrong result, which would mean nothing.

    Args:
        wanted: the reference's outputs.

    Raises:
        ToolchainError: a job's output is not the reference's.
    """
    for job, y, got in zip(jobs, wanted, measured, strict=True):
        same = np.array_equal(y.view(np.uint32), got.result.y.view(np.uint32))
        if not same and not isinstance(job.layer, Softmax):
            raise ToolchainError(f"{where}: the kernels' result differs from the reference")


def run_peer(
    peer: Peer, cores: Sequence[Core], bits: Sequence[int], folder: Path, *, progress: Progress = SILENT
) -> list[Row]:
    """The same for a peer's kernels, on layers of the same shapes with int8 input.

    Raises:
        ToolchainError: a tool is missing or failed, or a result is wrong.
    """
    plugin = build_plugin(folder)
    rows: list[Row] = []
    with progress.task(f"Counting {peer.name}", len(cores)) as task:
        for core in cores:
            image = build_image(core, folder, extra=peer.extra)
            for what, job in peer_jobs(SHAPES, core.blob[1]):
                width = job.layer.packed("").numbers["bits"]
                if width in bits:
                    measured = measure(image, plugin, [job])
                    verify_peer(job, measured[0], f"{core.name} {peer.name}, {what}")
                    workload = Workload(what, "bytes", width, (job,), 1)
                    rows.append(_row(image, peer.name, workload, measured, 0))
            task.advance(note=core.name)
    return rows


def _row(image: Image, variant: str, workload: Workload, measured: Sequence[Measurement], code: int) -> Row:
    jobs, counted = workload.jobs[-workload.counted :], measured[-workload.counted :]
    program = disassemble(image.elf) if image.core.name == "m4" else None
    packed = [job.layer.packed(variant) for job in jobs]
    return Row(
        image.core.name,
        variant,
        workload.bits,
        workload.what,
        workload.source,
        sum(job.layer.macs for job in jobs),
        sum(one.instructions for one in counted),
        sum(estimate(program, one.counts) for one in counted) if program else None,
        code,
        sum(len(one.weights) for one in packed),
        sum(len(one.columns) for one in packed),
        max(one.result.scratch_bytes for one in counted),
        sum(one.result.state_bytes for one in counted),
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
    chosen = [*chain.from_iterable(map(workloads, bits)), *layers_over_time()]
    wanted = [list(expected(workload.jobs)) for workload in chosen]

    def count(core: Core, variant: str) -> list[Row]:
        image = build_image(core, folder, variant=variant)
        code = code_bytes(image)
        rows = []
        for workload, outputs in zip(chosen, wanted, strict=True):
            if workload.fits(core.blob[1]):
                measured = measure(image, plugin, workload.jobs)
                where = f"{core.name} {variant}, {workload.bits} bits, {workload.what}"
                verify(workload.jobs, outputs, measured, where)
                rows.append(_row(image, variant, workload, measured, code[workload.bits]))
        return rows

    rows: list[Row] = []
    with (
        progress.task("Counting instructions", len(variants)) as task,
        ThreadPoolExecutor(os.cpu_count()) as pool,  # compilers and emulators run beside each other
    ):
        for (core, variant), found in zip(variants, pool.map(count, *zip(*variants, strict=True)), strict=True):
            rows += found
            task.advance(note=f"{core.name} {variant}")
    return rows
