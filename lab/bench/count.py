"""Counts the instructions of jobs with a plugin for QEMU, exactly and repeatably."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from lab.bench.calls import Job
from lab.bench.cores import Core
from lab.bench.cycles import Counts
from lab.bench.image import BENCH, Image, functions, run_tool
from lab.bench.runner import Result, run_jobs
from pipeline.errors import ToolchainError

_CODE_BYTES = 0x40000


@dataclass(frozen=True)
class Measurement:
    """What one job gave, and took from the library call to its return.

    Attributes:
        region: the plugin's lines.
    """

    result: Result
    region: str

    @cached_property
    def counts(self) -> dict[int, Counts]:
        """Per instruction address."""
        return counts_of(self.region)

    @property
    def instructions(self) -> int:
        """Executed."""
        return sum(count.executions for count in self.counts.values())


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
    with TemporaryDirectory(prefix="dynq") as folder:
        out = Path(folder) / "counts"
        results = run_jobs(image, jobs, seconds=seconds, plugin=counting(image.core, image.elf, plugin, out))
        regions = read_regions(out)
    if len(regions) != len(jobs):
        raise ToolchainError(f"counted {len(regions)} of {len(jobs)} jobs")
    return [Measurement(result, region) for result, region in zip(results, regions, strict=True)]


def counting(core: Core, elf: Path, plugin: Path, out: Path) -> str:
    """QEMU's ``-plugin`` argument that counts into ``out`` what an image executes between its marks."""
    where = functions(elf)
    arguments = {
        "begin": f"{where['bench_begin'][0]:x}",
        "end": f"{where['bench_end'][0]:x}",
        "base": f"{core.code[0]:x}",
        "size": f"{_CODE_BYTES:x}",
        "out": str(out),
    }
    return ",".join([str(plugin), *(f"{key}={value}" for key, value in arguments.items())])


def read_regions(path: Path) -> list[str]:
    """Of each passage from mark to mark, the plugin's lines."""
    return path.read_text().split("region\n")[1:]


def counts_of(region: str) -> dict[int, Counts]:
    """What the plugin's lines say, per instruction address."""
    found = {}
    for line in region.splitlines():
        address, executions, arrivals = line.split()
        found[int(address, 16)] = Counts(int(executions), int(arrivals))
    return found
