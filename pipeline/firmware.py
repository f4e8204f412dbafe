"""Firmware images: PlatformIO builds them, their ELF says how big they are."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from pipeline import __version__
from pipeline.boards import Board, board
from pipeline.cores import Core
from pipeline.errors import FirmwareError, ToolchainError
from pipeline.files import replacing
from pipeline.progress import SILENT, Progress
from pipeline.project import PROJECT, cache_folder

OFFLINE = (
    "HTTPClientError",
    "InternetConnectionError",
    "internet connection",
    "Could not find the package",
    "UnknownPackageError",
)
"""What PlatformIO says when it wants to fetch something and cannot."""
BUILD_SECONDS = 600
"""A build that takes longer is stuck."""
PLATFORMIO_OFFLINE = {"PLATFORMIO_SETTING_ENABLE_TELEMETRY": "no", "PLATFORMIO_DISABLE_UPGRADE_CHECK": "true"}
"""Without these PlatformIO opens connections, and waits a minute for each where there is no internet."""
COMPILES = ("firmware/app", "firmware/boards", "firmware/lib", "firmware/platform", "platformio.ini")


@dataclass(frozen=True)
class FirmwareImage:
    """A linked image and what it takes. All sizes in bytes.

    Attributes:
        elf: the image; debuggers, emulators and flash tools all read it.
        variant: kernel variant.
        build_hash: of sources, model, compiler, environment and options, 16 hex digits; the device gives it back.
        flash_bytes: code, constants, model and the initial values of data.
        ram_bytes: data, zero-initialised data and data kept over resets; without the stack.
        stack_bytes: reserved for the stack.
        model_bytes: share of ``flash_bytes`` that is weights and column parameters.
        model_ram_bytes: of ``ram_bytes``, what is copied from there at start-up.
    """

    elf: Path
    target: str
    engine: str
    variant: str
    build_hash: str
    flash_bytes: int
    ram_bytes: int
    stack_bytes: int
    model_bytes: int
    flash_limit: int
    ram_limit: int
    model_ram_bytes: int = 0


def build_firmware(
    target: str,
    model_dir: Path,
    out_dir: Path,
    *,
    engine: str = "aot",
    flags: tuple[str, ...] = (),
    environment: str | None = None,
    variables: dict[str, str] | None = None,
    progress: Progress = SILENT,
) -> FirmwareImage:
    """Builds the firmware of one target around a generated model.

    Args:
        target: a name of ``pipeline.boards``.
        model_dir: folder with ``kws_model.c`` and ``kws_model_config.h``.
        out_dir: receives ``firmware.elf``, ``build.log`` and PlatformIO's build folder; one per model.
        engine: "aot" or "tflm".
        flags: further compiler and linker flags.
        environment: PlatformIO environment, when it is not the target's own.
        variables: further environment variables of the build.

    Raises:
        ToolchainError: the compiler is missing.
        FirmwareError: the sources do not compile, or the image does not fit.
    """
    chosen = board(target)
    tools = toolchain(chosen)
    if not (model_dir / "kws_model.c").is_file():
        raise FirmwareError(f"no kws_model.c in {model_dir}", "export the model first")
    settings = {"KWS_ENGINE": engine, **(variables or {})}
    name = environment or target
    build_hash = _build_hash(model_dir, name, chosen.core, tools, flags, settings)
    defines = (f'-DKWS_BUILD_HASH=\\"{build_hash}\\"', f'-DKWS_VERSION=\\"{__version__}\\"')
    with progress.task(f"Building firmware for {target}", None):
        log, status = _platformio(
            name,
            out_dir,
            {**settings, "KWS_MODEL_DIR": str(model_dir.resolve()), "KWS_BUILD_FLAGS": " ".join((*defines, *flags))},
        )
    (out_dir / "build.log").write_text(log, "utf-8")
    built = out_dir / "pio" / name / "firmware.elf"
    if status != 0 or not built.is_file():
        raise _failure(chosen, log, out_dir / "build.log")
    elf = out_dir / "firmware.elf"
    for source in (built, built.with_suffix(".bin")):  # boards without a probe are flashed with the .bin
        if source.is_file():
            with replacing(out_dir / source.name) as partial:
                shutil.copy2(source, partial)
    return _inspect(elf, chosen, engine, build_hash)


def toolchain(chosen: Board) -> str:
    """What builds a board's firmware, with versions.

    Raises:
        ToolchainError: the compiler is missing.
    """
    compiler = f"{chosen.core.toolchain}gcc"
    if shutil.which(compiler) is None:
        raise ToolchainError(f"{compiler} is not on PATH", f"sudo apt-get install {chosen.core.packages}")
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True, timeout=60, check=False).stdout
    return f"{version.partition(chr(10))[0]}, PlatformIO {importlib.metadata.version('platformio')}"


def _build_hash(
    model_dir: Path, environment: str, core: Core, tools: str, flags: tuple[str, ...], settings: dict[str, str]
) -> str:
    parts = (__version__, environment, core.flags, tools, flags, sorted(settings.items()))
    digest = hashlib.sha256(repr(parts).encode())
    for root in (*(PROJECT / name for name in COMPILES), model_dir):
        files = [root] if root.is_file() else sorted(p for p in root.rglob("*") if p.is_file())
        for file in files:
            if "__pycache__" not in file.parts:
                digest.update(file.relative_to(root.parent).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def _writable_project() -> Iterator[Path]:
    """The project as PlatformIO wants it, in a folder that can be written to; an installed one may not be.

    For one build at a time, since they share PlatformIO's record of the platform; each takes about a second.
    """
    folder = cache_folder(f"platformio-{hashlib.sha256(bytes(PROJECT)).hexdigest()[:12]}")
    with (folder / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in ("firmware", "platformio.ini"):
            if not (folder / name).is_symlink():
                (folder / name).symlink_to(PROJECT / name)
        yield folder


def _platformio(name: str, out_dir: Path, variables: dict[str, str]) -> tuple[str, int]:
    out_dir.mkdir(parents=True, exist_ok=True)
    settings = {
        **os.environ,
        **variables,
        "PLATFORMIO_BUILD_DIR": str((out_dir / "pio").resolve()),
        **PLATFORMIO_OFFLINE,
    }
    with _writable_project() as project:
        try:
            done = subprocess.run(
                [sys.executable, "-m", "platformio", "run", "-d", str(project), "-e", name],
                env=settings,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=BUILD_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise FirmwareError(
                f"PlatformIO did not finish in {BUILD_SECONDS} s", f"run it by hand: pio run -e {name} -v"
            ) from None
    return done.stdout, done.returncode


def _failure(chosen: Board, log: str, path: Path) -> FirmwareError:
    overflow = re.search(r"region `(\w+)' overflowed by (\d+) bytes", log)
    if overflow:
        region, excess = overflow[1], int(overflow[2])
        limit = chosen.flash_limit if region == "FLASH" else chosen.ram_limit
        advice = (
            "use fewer weight bits (--weight-bits 4 or 2) or smaller hidden layers"
            if region == "FLASH"
            else "use smaller hidden layers or a shorter context"
        )
        return FirmwareError(
            f"the image is {excess:,} bytes too large for the {limit:,} bytes of {region} of {chosen.target}", advice
        )
    if "No space left on device" in log:
        return FirmwareError(f"the disk of {path.parent} is full", "make room, then run this again")
    if any(sign in log for sign in OFFLINE):
        return FirmwareError(
            f"PlatformIO cannot fetch what the USB image of {chosen.target} is built with",
            "connect to the internet once, or reach the board by a debug probe or a serial adapter (docs/nano33.md)",
        )
    lines = [line for line in log.splitlines() if "error" in line.lower() or "undefined reference" in line]
    return FirmwareError(
        "the firmware does not build" + (f": {lines[0].strip()}" if lines else ""), f"the log is {path}"
    )


def _inspect(elf: Path, chosen: Board, engine: str, build_hash: str) -> FirmwareImage:
    with elf.open("rb") as file:
        image = ELFFile(file)
        sections: dict[str, Any] = {section.name: section for section in image.iter_sections()}
        stack = _size(sections, ".stack")
        written = sum(s["sh_size"] for s in sections.values() if s["sh_flags"] & 2 and s["sh_type"] != "SHT_NOBITS")
        zeroed = sum(s["sh_size"] for s in sections.values() if s["sh_flags"] & 2 and s["sh_type"] == "SHT_NOBITS")
        # where an operating system takes what RAM is left as a heap, that is no need of the image
        ram = zeroed - stack - _size(sections, ".heap") + _size(sections, ".data")
        model, copied = _model_bytes(image)
    return FirmwareImage(
        elf,
        chosen.target,
        engine,
        chosen.core.variant,
        build_hash,
        written,
        ram,
        stack,
        model,
        chosen.flash_limit,
        chosen.ram_limit,
        copied,
    )


def _size(sections: dict[str, Any], name: str) -> int:
    return int(sections[name]["sh_size"]) if name in sections else 0


def _model_bytes(image: ELFFile) -> tuple[int, int]:
    """Bytes of the arrays of kws_model.c, its local objects, and of the .tflite of the other engine; and how many of
    them are in writable memory."""
    table = image.get_section_by_name(".symtab")
    total, writable, source = 0, 0, ""
    for symbol in table.iter_symbols() if isinstance(table, SymbolTableSection) else ():
        kind = symbol["st_info"]["type"]
        if kind == "STT_FILE":
            source = symbol.name
        elif kind == "STT_OBJECT" and (
            symbol.name == "kws_tflite" or (source == "kws_model.c" and symbol.name.startswith("constant_"))
        ):
            total += symbol["st_size"]
            if image.get_section(symbol["st_shndx"])["sh_flags"] & SH_FLAGS.SHF_WRITE:
                writable += symbol["st_size"]
    return total, writable
