"""Counts the instructions of jobs with a plugin for QEMU, exactly and repeatably."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from lab.bench.calls import Job
from lab.bench.cycles import Counts, disassemble, estimate
from lab.bench.image import BENCH, Image, functions, run_tool
from lab.bench.runner import Result, run_jobs
from pipeline.errors import ToolchainError

_CODE_BYTES = 0x40000


@dataclass(frozen=True)
class Measurement:
    """What one job took.

    Attributes:
        instructions: executed, from the library call to its return.
        cycles: Cortex-M4 estimate (lab/bench/cycles.py).
        counts: per instruction address.
    """

    instructions: int
    cycles: int
    counts: dict[int, Counts]
    result: Result


def build_plugin(folder: Path) -> Path:
    """Compiles the plugin for this machine.

    Raises:
        ToolchainError: no C compiler, or it failed.
    """
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise ToolchainError("no C compiler on PATH", "sudo apt-get install gcc libc6-dev")
    folder.mkdir(parents=True, exist_ok=True)
    plugin = folder / "count_plugin.so"
    run_tool(
        [
            compiler,
            "-std=c11",
            "-O2",
            "-shared",
            "-fPIC",
            "-Wall",
            "-Wextra",
            "-Werror",
            str(BENCH / "count_plugin.c"),
            "-o",
            str(plugin),
        ],
        "building the counting plugin",
    )
    return plugin


def measure(image: Image, plugin: Path, jobs: Sequence[Job], *, seconds: int = 300) -> list[Measurement]:
    """Runs jobs and counts each.

    Raises:
        ToolchainError: the emulator failed or has no plugin support.
    """
    where = functions(image.elf)
    program = disassemble(image.elf)
    with TemporaryDirectory(prefix="dynq") as folder:
        out = Path(folder) / "counts"
        arguments = {
            "begin": f"{where['bench_begin'][0]:x}",
            "end": f"{where['bench_end'][0]:x}",
            "base": f"{image.core.code[0]:x}",
            "size": f"{_CODE_BYTES:x}",
            "out": str(out),
        }
        results = run_jobs(
            image,
            jobs,
            seconds=seconds,
            plugin=",".join([str(plugin), *(f"{key}={value}" for key, value in arguments.items())]),
        )
        regions = _read(out)
    if len(regions) != len(jobs):
        raise ToolchainError(f"counted {len(regions)} of {len(jobs)} jobs")
    return [
        Measurement(sum(count.executions for count in region.values()), estimate(program, region), region, result)
        for region, result in zip(regions, results, strict=True)
    ]


def _read(path: Path) -> list[dict[int, Counts]]:
    regions: list[dict[int, Counts]] = []
    for line in path.read_text().splitlines():
        if line == "region":
            regions.append({})
        else:
            address, executions, arrivals = line.split()
            regions[-1][int(address, 16)] = Counts(int(executions), int(arrivals))
    return regions
