"""Builds the bare-metal image that runs jobs on a core (firmware/bench/runner.c)."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from lab.bench.cores import Core
from pipeline.cores import ARM_TOOLCHAIN
from pipeline.errors import ToolchainError
from pipeline.project import PROJECT

FIRMWARE = PROJECT / "firmware"
DYNQ = FIRMWARE / "lib" / "dynq"
BENCH = FIRMWARE / "bench"

LARGE = {"MAX_SCRATCH": 8652, "MAX_STATE": 65_536}
"""Bytes that the runner sets aside: what the hungriest variant takes for 4096 inputs, and for states."""
SMALL = {"MAX_SCRATCH": 4096, "MAX_STATE": 4608}
"""The same where there are 16 KB of RAM."""
NONE = {"MAX_SCRATCH": 64, "MAX_STATE": 256}
"""The same for kernels of others, which take neither."""

_SECONDS = 120
_WARNINGS = ("-Wall", "-Wextra", "-Werror")


@dataclass(frozen=True)
class Extra:
    """Sources of others for the same image: compiled with the same flags, but their warnings are their own matter.

    Attributes:
        name: of the images that have it.
        flags: further ones, of the runner too.
    """

    name: str
    sources: tuple[Path, ...]
    flags: tuple[str, ...]


@dataclass(frozen=True)
class Image:
    """A linked runner.

    Attributes:
        objects: the kernel library's compiled files, or those of what it has in its place.
    """

    core: Core
    variant: str
    elf: Path
    objects: tuple[Path, ...]


def tool(name: str) -> str:
    """Path of a program.

    Raises:
        ToolchainError: it is not on PATH.
    """
    path = shutil.which(name)
    if path is None:
        raise ToolchainError(f"{name} is not on PATH", "python -m pipeline.build doctor says how to install it")
    return path


def run_tool(command: list[str], what: str, seconds: int = _SECONDS) -> str:
    """Runs a program to its end and returns its standard output.

    Raises:
        ToolchainError: it failed or took too long; the message carries the end of its output.
    """
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=seconds, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        raise ToolchainError(f"{what} took over {seconds} s", "is the machine overloaded?") from None
    if done.returncode:
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-20:])
        raise ToolchainError(f"{what} failed with exit status {done.returncode}:\n{tail}")
    return done.stdout


def build_image(
    core: Core, folder: Path, *, variant: str | None = None, optimize: str = "-O2", extra: Extra | None = None
) -> Image:
    """Compiles the kernel library and the runner for a core.

    Args:
        folder: where the image goes.
        variant: kernels to compile in place of the core's own; the core must be able to run them.
        optimize: GCC's optimisation option.
        extra: what else the image calls; its objects are the image's then.

    Raises:
        ToolchainError: no compiler, or it failed.
    """
    compiler = tool(f"{ARM_TOOLCHAIN}gcc")
    chosen = variant or core.variant
    folder = folder / f"{core.name}-{extra.name if extra else chosen}{optimize}"
    folder.mkdir(parents=True, exist_ok=True)
    memory = NONE if extra else LARGE if core.ram[1] > 0x4000 else SMALL
    flags = [
        *core.flags,
        "-std=c11",
        optimize,
        "-g",
        "-ffp-contract=off",
        "-ffunction-sections",
        "-fdata-sections",
        *(extra.flags if extra else ()),
        f"-I{DYNQ}",
        f"-DBLOB_BASE={core.blob[0]:#x}u",
        f"-DMAX_OUTPUTS={core.max_outputs}",
        *(f"-D{name}={value}" for name, value in memory.items()),
        *([f"-DDYNQ_VARIANT_{chosen.upper()}"] if variant else []),
    ]

    def compiled(sources: Sequence[Path], *warnings: str) -> list[Path]:
        for source in sources:
            command = [compiler, *flags, *warnings, "-c", str(source), "-o", str(folder / f"{source.name}.o")]
            run_tool(command, f"compiling {source.name} for {core.cpu}")
        return [folder / f"{source.name}.o" for source in sources]

    library = compiled(library_sources(), *_WARNINGS)
    runner = compiled([BENCH / "runner.c"], *_WARNINGS)
    others = compiled(extra.sources) if extra else []
    elf = folder / "runner.elf"
    run_tool(
        [
            compiler,
            *flags,
            *map(str, library + runner + others),
            *linking(core),
            "-o",
            str(elf),
        ],
        f"linking the {core.name} runner",
    )
    return Image(core, chosen, elf, tuple(others or library))


def linking(core: Core) -> list[str]:
    """The linker's options for an image of a core's own memory, without an operating system."""
    regions = {
        "code_origin": core.code[0],
        "code_length": core.code[1],
        "ram_origin": core.ram[0],
        "ram_length": core.ram[1],
    }
    return [
        "-nostartfiles",
        "--specs=nosys.specs",
        f"-T{BENCH / 'runner.ld'}",
        *(f"-Wl,--defsym={name}={value:#x}" for name, value in regions.items()),
        "-Wl,--gc-sections",
        "-lm",
        "-Wl,--no-warn-rwx-segments",
    ]


def library_sources() -> list[Path]:
    """Every source file of the kernel library; those of other variants compile to nothing."""
    return sorted([*DYNQ.glob("*.c"), *DYNQ.glob("*.S")])


def build_host_runner(folder: Path, variant: str, *, flags: tuple[str, ...] = ()) -> Path:
    """Compiles a portable variant and the host's runner.

    Args:
        variant: ``reference`` or ``scalar``.
        flags: further compiler flags, sanitizers for instance.

    Raises:
        ToolchainError: no C compiler, or it failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / f"host-{variant}"
    run_tool(
        [
            tool("gcc"),
            "-std=c11",
            "-O2",
            "-g",
            "-ffp-contract=off",
            *_WARNINGS,
            *flags,
            f"-DDYNQ_VARIANT_{variant.upper()}",
            f"-I{DYNQ}",
            *map(str, DYNQ.glob("*.c")),
            str(BENCH / "host_runner.c"),
            "-o",
            str(program),
        ],
        f"building the host runner ({variant})",
    )
    return program


def code_bytes(image: Image) -> dict[int, int]:
    """Bytes of code of the kernel library that a dense layer takes at 8, 4 or 2 bits, and at 0 layers over time.

    Functions of one bit width end in ``_w8``, ``_w4`` or ``_w2``; those of layers over time come from files of their
    own. Counts compiled code only, not libgcc's soft floats.
    """
    common = 0
    own = {8: 0, 4: 0, 2: 0, 0: 0}
    linked = set(functions(image.elf))
    for path in image.objects:
        over_time = any(part in path.name for part in ("_time", "_window", "_filter", "_history"))
        for name, (_, size) in functions(path).items():
            if name in linked:
                widths = [bits for bits in (8, 4, 2) if f"_w{bits}" in name]
                kind = 0 if over_time else widths[0] if widths else None
                common += size if kind is None else 0
                if kind is not None:
                    own[kind] += size
    return {bits: size + (common if bits else 0) for bits, size in own.items()}


def functions(elf: Path) -> dict[str, tuple[int, int]]:
    """Address (without the Thumb bit) and size in bytes of every function in an image or object file."""
    with elf.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        symbols = table.iter_symbols() if isinstance(table, SymbolTableSection) else iter(())
        return {
            symbol.name: (symbol["st_value"] & ~1, symbol["st_size"])
            for symbol in symbols
            if symbol["st_info"]["type"] == "STT_FUNC"
        }
