"""Networks in images of their own on an emulated Cortex-M4F: bytes of flash and RAM, and instructions."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import Section
from numpy.typing import NDArray

from lab.bench.cores import CORES
from lab.bench.count import build_plugin, counting, counts_of, read_regions
from lab.bench.cycles import disassemble, estimate
from lab.bench.image import BENCH, DYNQ, FIRMWARE, library_sources, linking, run_tool, tool
from lab.bench.runner import emulate
from pipeline import cores
from pipeline.cores import ARM_TOOLCHAIN
from pipeline.device.tflm import smallest_arena
from pipeline.errors import ToolchainError
from pipeline.export import write_c_arrays
from pipeline.export.c_text import c_array
from pipeline.export.op_resolver import op_resolver, operators
from pipeline.export.tflm_library import inspect_tflm
from pipeline.files import write_text
from pipeline.layers import QuantizedModel

CORE = CORES["m4"]
SPACIOUS_ARENA = 128 << 10
"""Bytes below which every network's arena is searched."""
_HEADER = struct.Struct("<5I60s")
_MAGIC = 0x6E657477
_SECONDS = 600


@dataclass(frozen=True)
class Footprint:
    """What a network takes of a Cortex-M4F.

    Attributes:
        flash_bytes: its constants and all code that runs it, beyond an image without a network.
        ram_bytes: the smallest arena that works, or all of the network's buffers. The stack is not counted, nor the
            few hundred bytes of the interpreter itself.
        instructions: of the last inference.
        cycles: of it, estimated (lab/bench/cycles.py).
        outputs: of every inference, uint8 ``[n, bytes]``.
    """

    flash_bytes: int
    ram_bytes: int
    instructions: int
    cycles: int
    outputs: NDArray[np.uint8]


@dataclass(frozen=True)
class _Network:
    """An engine, what it is compiled with, and its arena."""

    sources: tuple[Path, ...]
    flags: tuple[str, ...]
    libraries: tuple[str, ...] = ()


def measure_ours(model: QuantizedModel, inputs: NDArray[np.int8], output_bytes: int, folder: Path) -> Footprint:
    """A model of the method with the project's kernels, a step for each of the inputs ``[n, stride * bands]``.

    Raises:
        ToolchainError: no compiler or emulator, or the run failed.
    """
    write_c_arrays(model, CORE.variant, folder, source_hash="0" * 64)
    include = (folder, DYNQ, FIRMWARE / "app", FIRMWARE / "lib" / "frontend", FIRMWARE / "lib" / "listener")
    sources = (BENCH / "engine_dynq.c", folder / "kws_model.c", *library_sources())
    elf = _linked(_Network(sources, tuple(f"-I{path}" for path in include)), folder)
    instructions, cycles, outputs = _counted(elf, inputs, output_bytes, 0)
    empty = _empty(folder)
    ram = _bytes(elf, _written) - _bytes(empty, _written)
    return Footprint(_bytes(elf, _stored) - _bytes(empty, _stored), ram, instructions, cycles, outputs)


def measure_tflite(
    tflite: bytes, inputs: NDArray[np.int8], output_bytes: int, tflm_root: Path, folder: Path
) -> Footprint:
    """A model of built-in operators in a user's TensorFlow Lite Micro, an inference for each of the inputs
    ``[n, bytes]``.

    Raises:
        ToolchainError: no compiler, emulator or library, or the run failed.
        FirmwareError: no arena is large enough, or the library lacks an operator.
    """
    library = inspect_tflm(tflm_root.resolve(), cores.CORES["cortex-m4"])
    folder.mkdir(parents=True, exist_ok=True)
    stored = c_array("model", np.frombuffer(tflite, np.uint8), storage="extern ")
    write_text(folder / "model.c", "#include <stdint.h>\n" + "".join(stored))
    variables = int("VAR_HANDLE" in operators(tflite))
    head = f'extern "C" const uint8_t model[];\n#define HAS_VARIABLES {variables}\n'
    write_text(folder / "model.h", head + op_resolver(tflite))
    flags = (f"-I{folder}", f"-I{FIRMWARE / 'lib' / 'tflm'}", f"-I{DYNQ}", f"-DARENA_BYTES={SPACIOUS_ARENA}")
    used = [flag for option in library.flags if not option.startswith(("-L", "-l")) for flag in option.split()]
    sources = (BENCH / "engine_tflm.cc", folder / "model.c")
    elf = _linked(_Network(sources, (*flags, *used), (str(library.library),)), folder)

    def works(arena: int) -> bool:
        try:
            _run(elf, inputs[:1], output_bytes, arena)
        except ToolchainError:
            return False
        return True

    arena = smallest_arena(works, SPACIOUS_ARENA)
    instructions, cycles, outputs = _counted(elf, inputs, output_bytes, arena)
    flash = _bytes(elf, _stored) - _bytes(_empty(folder), _stored)
    return Footprint(flash, arena, instructions, cycles, outputs)


def _empty(folder: Path) -> Path:
    """An image without a network."""
    empty = folder / "empty"
    empty.mkdir(exist_ok=True)
    return _linked(_Network((BENCH / "engine_none.c",), ()), empty)


def _linked(network: _Network, folder: Path) -> Path:
    flags = [*CORE.flags, "-O2", "-g", "-ffp-contract=off", "-ffunction-sections", "-fdata-sections"]
    flags += [f"-DBLOB_BASE={CORE.blob[0]:#x}u", f"-I{BENCH}", *network.flags]
    objects = []
    for source in (BENCH / "network.c", *network.sources):
        cpp = source.suffix == ".cc"
        own = ["-std=c++17", "-fno-rtti", "-fno-exceptions", "-fno-threadsafe-statics"] if cpp else ["-std=c11"]
        objects.append(folder / f"{source.name}.o")
        compiler = tool(f"{ARM_TOOLCHAIN}{'g++' if cpp else 'gcc'}")
        command = [compiler, *own, *flags, "-c", str(source), "-o", str(objects[-1])]
        run_tool(command, f"compiling {source.name}", _SECONDS)
    elf = folder / "network.elf"
    run_tool(
        [tool(f"{ARM_TOOLCHAIN}g++"), *CORE.flags, *map(str, objects), *network.libraries, "--specs=nano.specs",
         *linking(CORE), "-o", str(elf)],
        "linking a network",
        _SECONDS,
    )  # fmt: skip
    return elf


def _counted(elf: Path, inputs: NDArray[np.int8], output_bytes: int, arena: int) -> tuple[int, int, NDArray[np.uint8]]:
    """Instructions and cycles of the last inference, and all outputs."""
    with TemporaryDirectory(prefix="dynq") as folder:
        counts = Path(folder) / "counts"
        plugin = counting(CORE, elf, build_plugin(Path(folder)), counts)
        outputs = _run(elf, inputs, output_bytes, arena, plugin)
        last = counts_of(read_regions(counts)[-1])
    return sum(count.executions for count in last.values()), estimate(disassemble(elf), last), outputs


def _run(elf: Path, inputs: NDArray[np.int8], output_bytes: int, arena: int, plugin: str = "") -> NDArray[np.uint8]:
    with TemporaryDirectory(prefix="dynq") as folder:
        results, blob = Path(folder) / "results", Path(folder) / "blob"
        header = _HEADER.pack(_MAGIC, arena, len(inputs), inputs.shape[1], output_bytes, str(results).encode())
        blob.write_bytes(header + np.ascontiguousarray(inputs).tobytes())
        emulate(CORE, elf, blob, plugin=plugin)
        return np.frombuffer(results.read_bytes(), np.uint8).reshape(len(inputs), output_bytes)


def _stored(section: Section) -> bool:
    """Whether it takes flash: what is loaded, start values of data included."""
    return bool(section["sh_flags"] & SH_FLAGS.SHF_ALLOC) and section["sh_type"] != "SHT_NOBITS"


def _written(section: Section) -> bool:
    """Whether it takes RAM: zeros and data."""
    return bool(section["sh_flags"] & SH_FLAGS.SHF_ALLOC and section["sh_flags"] & SH_FLAGS.SHF_WRITE)


def _bytes(elf: Path, counts: Callable[[Section], bool]) -> int:
    with elf.open("rb") as file:
        return sum(int(section["sh_size"]) for section in ELFFile(file).iter_sections() if counts(section))
