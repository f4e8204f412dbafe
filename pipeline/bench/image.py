"""Builds the bare-metal image that runs jobs on a core (firmware/bench/runner.c)."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from pipeline.bench.cores import Core
from pipeline.errors import ToolchainError

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"
DYNQ = FIRMWARE / "lib" / "dynq"
BENCH = FIRMWARE / "bench"

MAX_SCRATCH = 10_368
"""Bytes of scratch that the runner sets aside: what the hungriest variant takes for 4096 inputs."""

_SECONDS = 120
_WARNINGS = ("-Wall", "-Wextra", "-Werror")


@dataclass(frozen=True)
class Image:
    """A linked runner and the size of each library function in it, in bytes of code."""

    core: Core
    variant: str
    elf: Path


def tool(name: str) -> str:
    """Path of a program.

    Raises:
        ToolchainError: it is not on PATH.
    """
    path = shutil.which(name)
    if path is None:
        raise ToolchainError(f"{name} is not on PATH", "make setup installs gcc-arm-none-eabi and qemu-system-arm")
    return path


def run_tool(command: list[str], what: str, seconds: int = _SECONDS) -> str:
    """Runs a program to its end and returns its standard output.

    Raises:
        ToolchainError: it failed or took too long; the message carries the end of its output.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False,
                              stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        raise ToolchainError(f"{what} took over {seconds} s", "is the machine overloaded?") from None
    if done.returncode:
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-20:])
        raise ToolchainError(f"{what} failed with exit status {done.returncode}:\n{tail}")
    return done.stdout


def build_image(core: Core, folder: Path, *, variant: str | None = None, optimize: str = "-O2") -> Image:
    """Compiles the kernel library and the runner for a core.

    Args:
        folder: where the image goes.
        variant: kernels to compile in place of the core's own; the core must be able to run them.
        optimize: GCC's optimisation option.

    Raises:
        ToolchainError: no compiler, or it failed.
    """
    compiler = tool("arm-none-eabi-gcc")
    chosen = variant or core.variant
    elf = folder / f"{core.name}-{chosen}{optimize}.elf"
    folder.mkdir(parents=True, exist_ok=True)
    sources = sorted([*DYNQ.glob("*.c"), *DYNQ.glob("*.S"), BENCH / "runner.c"])
    defines = [f"-DDYNQ_VARIANT_{chosen.upper()}"] if variant else []
    memory = {"code_origin": core.code[0], "code_length": core.code[1], "ram_origin": core.ram[0],
              "ram_length": core.ram[1]}
    run_tool([
        compiler, f"-mcpu={core.cpu}", "-mthumb", *core.flags, "-std=c11", optimize, "-g", "-ffp-contract=off",
        "-ffunction-sections", "-fdata-sections", *_WARNINGS, *defines,
        f"-DBLOB_BASE={core.blob[0]:#x}u", f"-DMAX_OUTPUTS={core.max_outputs}",
        f"-DMAX_SCRATCH={MAX_SCRATCH if core.ram[1] > 0x4000 else 4096}",
        f"-I{DYNQ}", *map(str, sources), "-nostartfiles", "--specs=nosys.specs", f"-T{BENCH / 'runner.ld'}",
        *(f"-Wl,--defsym={name}={value:#x}" for name, value in memory.items()), "-Wl,--gc-sections", "-lm",
        "-Wl,--no-warn-rwx-segments", "-o", str(elf)], f"building the {core.name} runner ({chosen})")
    return Image(core, chosen, elf)
