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

from lab.bench.calls import Features, Input, Job, Output, Packed
from lab.bench.cores import Core
from lab.bench.image import Image, run_tool, tool
from pipeline.emulators import qemu
from pipeline.errors import ToolchainError

_HEADER = struct.Struct("<II56s")
_INPUT = struct.Struct("<IIIIfi")
_JOB = struct.Struct("<3I24s24s13I")
_TRAILER = struct.Struct("<5I")
_MAGIC = 0x716E7965
_NOTHING, _BYTES, _FLOATS, _FLOATS_TO_SCAN, _OUTPUT = range(5)


@dataclass(frozen=True)
class Result:
    """What one job gave: outputs float32 ``[N]``, their range, whether guards around buffers held, bytes it used."""

    y: NDArray[np.float32]
    low: np.float32
    high: np.float32
    guards_intact: bool
    scratch_bytes: int
    state_bytes: int


Part = Literal["x", "weights", "columns"]


class _Blob:
    """Data behind the jobs, equal arrays once, each 16-byte aligned."""

    def __init__(self, base: int) -> None:
        self.base = base
        self.data = bytearray()
        self._places: dict[bytes, int] = {}

    def place(self, raw: bytes) -> int:
        if raw not in self._places:
            self.data.extend(b"\0" * (-(self.base + len(self.data)) % 16))
            self._places[raw] = self.base + len(self.data)
            self.data.extend(raw)
        return self._places[raw]

    def place_last(self, raw: bytes, size: int) -> int:
        """So that it ends at ``size``."""
        self.data.extend(b"\0" * (size - self.base - len(self.data) - len(raw)))
        self.data.extend(raw)
        return size - len(raw)


def _input(x: Input, place: int) -> bytes:
    if isinstance(x, Output):
        return _INPUT.pack(_OUTPUT, x.buffer, 0, 0, 0.0, 0)
    if isinstance(x, Features):
        return _INPUT.pack(_BYTES, place, 0, 0, x.quantization.scale, x.quantization.zero_point)
    low, high = (int(bound.view(np.uint32)) for bound in (x.values.min(), x.values.max()))
    return _INPUT.pack(_FLOATS_TO_SCAN if x.scan else _FLOATS, place, low, high, 0.0, 0)


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
    blob = _Blob(_HEADER.size + _JOB.size * len(jobs))
    records = bytearray()
    layers: dict[int, Packed] = {}
    for job in jobs:
        if id(job.layer) not in layers:
            layers[id(job.layer)] = job.layer.packed(variant)
        packed = layers[id(job.layer)]
        arrays: dict[Part, bytes] = {"weights": packed.weights, "columns": packed.columns}
        values = [b"" if isinstance(x, Output) else x.values.tobytes() for x in job.inputs]
        arrays["x"] = values[0]
        places = {part: blob.place(raw) for part, raw in arrays.items() if part != ends_with}
        if ends_with:
            places[ends_with] = blob.place_last(arrays[ends_with], size)
        inputs = [_input(job.inputs[0], places["x"])]
        inputs += [_input(x, blob.place(raw)) for x, raw in zip(job.inputs[1:], values[1:], strict=True)]
        inputs += [bytes(_INPUT.size)] * (2 - len(inputs))
        numbers = {"bits": 0, "relu": 0, "taps": 1, "dilation": 1, "share": 0, **packed.numbers}
        records += _JOB.pack(
            job.layer.code,
            job.layer.inputs,
            job.layer.outputs,
            *inputs,
            job.buffer,
            job.state,
            job.reset,
            job.ranged,
            *(numbers[name] for name in ("relu", "bits", "taps", "dilation", "share")),
            places["weights"],
            places["columns"],
            len(packed.weights),
            len(packed.columns),
        )
    return _HEADER.pack(_MAGIC, len(jobs), name) + bytes(records) + bytes(blob.data)


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
        emulate(image.core, image.elf, blob, plugin=plugin, seconds=seconds)
        return _read_results(results.read_bytes(), jobs)


def emulate(core: Core, elf: Path, blob: Path, *, plugin: str = "", seconds: int = 300) -> None:
    """Runs an image to its end on an emulated core, a file in the memory beside it.

    Raises:
        ToolchainError: no emulator, or the run failed.
    """
    run_tool(
        [
            tool(qemu.PROGRAM),
            "-M",
            core.machine,
            "-nographic",
            "-monitor",
            "none",
            "-serial",
            "none",
            "-semihosting-config",
            "enable=on,target=native",
            "-kernel",
            str(elf),
            "-device",
            f"loader,file={blob},addr={core.blob[0]:#x},force-raw=on",
            *(["-plugin", plugin] if plugin else []),
        ],
        f"the {core.name} runner",
        seconds,
    )


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
        count = job.layer.outputs
        if at + 4 * count + _TRAILER.size > len(raw):
            raise ToolchainError(f"the runner wrote {len(raw)} bytes of results, too few for {len(jobs)} jobs")
        y = np.frombuffer(raw, np.float32, count, at)
        at += 4 * count
        low, high = np.frombuffer(raw, np.float32, 2, at)
        _, _, intact, scratch, state = _TRAILER.unpack_from(raw, at)
        at += _TRAILER.size
        found.append(Result(y, low, high, bool(intact), scratch, state))
    return found
