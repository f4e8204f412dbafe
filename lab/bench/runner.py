"""Jobs for the bare-metal runner: written as a blob, run under QEMU, results read back."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lab.bench.image import Image, run_tool, tool
from pipeline.errors import ToolchainError
from pipeline.layers import Dense
from pipeline.layers.dense_packing import pack

Source = Literal["floats", "floats_with_range", "bytes", "previous", "softmax"]
_SOURCES: tuple[Source, ...] = ("floats", "floats_with_range", "bytes", "previous", "softmax")

_HEADER = struct.Struct("<II56s")
_JOB = struct.Struct("<9Ifi4I4x")
_TRAILER = struct.Struct("<4I")
_MAGIC = 0x716E7964


@dataclass(frozen=True)
class Job:
    """One call of the kernel library.

    Attributes:
        layer: the layer to run; None for ``softmax``.
        x: input vector, float32 or int8 ``[K]``; None where the previous job's output is the input.
        source: which entry point gets it.
        scale, zero_point: what int8 inputs stand for.
        want_range: whether the output's range is asked for.
    """

    layer: Dense | None
    x: NDArray[np.float32] | NDArray[np.int8] | None
    source: Source = "floats"
    scale: float = 1.0
    zero_point: int = 0
    want_range: bool = True
    outputs: int = 0


@dataclass(frozen=True)
class Result:
    """What one job gave: outputs float32 ``[N]``, their range, whether guards around buffers held, scratch bytes."""

    y: NDArray[np.float32]
    low: np.float32
    high: np.float32
    guards_intact: bool
    scratch_bytes: int


Part = Literal["x", "weights", "columns"]


def write_blob(
    jobs: Sequence[Job], variant: str, results: Path, *, ends_with: Part | None = None, size: int = 0
) -> bytes:
    """Lays jobs out as the runner reads them.

    Args:
        ends_with: with one job, which of its arrays is to end the blob.
        size: bytes of the blob then, so that whoever reads on leaves the memory that holds it.

    Raises:
        ToolchainError: the results' path is too long for the runner.
    """
    name = str(results).encode()
    if len(name) > 55:
        raise ToolchainError(f"path {results} is too long for the runner", "set TMPDIR to a shorter folder")
    records, data = bytearray(), bytearray()
    base = _HEADER.size + _JOB.size * len(jobs)
    shared: dict[bytes, int] = {}

    def place(raw: bytes) -> int:
        if raw not in shared:
            data.extend(b"\0" * (-(base + len(data)) % 16))
            shared[raw] = base + len(data)
            data.extend(raw)
        return shared[raw]

    for job in jobs:
        low = high = np.float32(0)
        if job.x is not None and job.x.dtype == np.float32:
            low, high = job.x.min(), job.x.max()
        bounds = (int(low.view(np.uint32)), int(high.view(np.uint32)))
        if job.layer is None:
            records += _JOB.pack(_SOURCES.index(job.source), 1, job.outputs, 0, 0, 0, 0, 0, 0, 0.0, 0, 0, 0, 0, 0)
            continue
        packed = pack(job.layer.columns, variant)
        parts: dict[Part, bytes] = {
            "x": b"" if job.x is None else job.x.tobytes(),
            "weights": packed.weights,
            "columns": packed.columns.tobytes(),
        }
        places = {part: place(raw) for part, raw in parts.items() if part != ends_with}
        if ends_with:
            data.extend(b"\0" * (size - base - len(data) - len(parts[ends_with])))
            places[ends_with] = base + len(data)
            data.extend(parts[ends_with])
        records += _JOB.pack(
            _SOURCES.index(job.source),
            packed.inputs,
            packed.outputs,
            packed.bits,
            job.layer.relu,
            job.want_range,
            places["x"],
            places["weights"],
            places["columns"],
            job.scale,
            job.zero_point,
            *bounds,
            len(parts["weights"]),
            len(parts["columns"]),
        )
    return _HEADER.pack(_MAGIC, len(jobs), name) + bytes(records) + bytes(data)


def run_jobs(
    image: Image, jobs: Sequence[Job], *, plugin: str = "", seconds: int = 300, ends_with: Part | None = None
) -> list[Result]:
    """Runs jobs on an emulated core.

    Args:
        plugin: QEMU's ``-plugin`` argument, for counting.
        ends_with: with one job, which of its arrays lies at the very end of the blob's memory.

    Raises:
        ToolchainError: no emulator, the jobs do not fit, or the run failed.
    """
    with TemporaryDirectory(prefix="dynq") as folder:
        results, blob = Path(folder) / "results", Path(folder) / "blob"
        blob.write_bytes(write_blob(jobs, image.variant, results, ends_with=ends_with, size=image.core.blob[1]))
        if blob.stat().st_size > image.core.blob[1]:
            raise ToolchainError(f"{blob.stat().st_size} bytes of jobs do not fit {image.core.machine}")
        run_tool(
            [
                tool("qemu-system-arm"),
                "-M",
                image.core.machine,
                "-nographic",
                "-monitor",
                "none",
                "-serial",
                "none",
                "-semihosting-config",
                "enable=on,target=native",
                "-kernel",
                str(image.elf),
                "-device",
                f"loader,file={blob},addr={image.core.blob[0]:#x},force-raw=on",
                *(["-plugin", plugin] if plugin else []),
            ],
            f"the {image.core.name} runner",
            seconds,
        )
        return _read_results(results.read_bytes(), jobs)


def run_jobs_on_host(program: Path, variant: str, jobs: Sequence[Job], *, seconds: int = 300) -> list[Result]:
    """Runs jobs with a host build of the kernels (:func:`lab.bench.image.build_host_runner`).

    Raises:
        ToolchainError: the run failed; with sanitizers, the message carries their report.
    """
    with TemporaryDirectory(prefix="dynq") as folder:
        results, blob = Path(folder) / "results", Path(folder) / "blob"
        blob.write_bytes(write_blob(jobs, variant, results))
        run_tool([str(program), str(blob)], f"the host runner ({variant})", seconds)
        return _read_results(results.read_bytes(), jobs)


def _read_results(raw: bytes, jobs: Sequence[Job]) -> list[Result]:
    found: list[Result] = []
    at = 0
    for job in jobs:
        count = job.layer.outputs if job.layer else job.outputs
        if at + 4 * count + _TRAILER.size > len(raw):
            raise ToolchainError(f"the runner wrote {len(raw)} bytes of results, too few for {len(jobs)} jobs")
        y = np.frombuffer(raw, np.float32, count, at)
        at += 4 * count
        low, high = np.frombuffer(raw, np.float32, 2, at)
        _, _, intact, scratch = _TRAILER.unpack_from(raw, at)
        at += _TRAILER.size
        found.append(Result(y, low, high, bool(intact), scratch))
    return found
