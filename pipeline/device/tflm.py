"""Images that run the model in TensorFlow Lite Micro, with the smallest arena that works."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from pipeline.boards import board
from pipeline.device.client import Refused
from pipeline.device.session import open_device
from pipeline.errors import FirmwareError
from pipeline.export import write_tflm_arrays
from pipeline.export.tflm_library import inspect_tflm
from pipeline.files import sha256_file, write_bytes
from pipeline.firmware import FirmwareImage, build_firmware
from pipeline.layers import Dense, QuantizedModel
from pipeline.progress import SILENT, Progress

ARENA_STEP = 16
"""TFLM aligns what it puts into the arena to 16 bytes."""
_LIMIT_SYMBOL = "kws_arena_limit"


def build_tflm_firmware(
    target: str,
    model: QuantizedModel,
    out_dir: Path,
    tflm_root: Path,
    *,
    source_hash: str,
    arena_bytes: int | None = None,
    progress: Progress = SILENT,
) -> FirmwareImage:
    """Builds the firmware around a user's own TensorFlow Lite Micro.

    The arena's size is searched for by bisection: one image with room to spare is built, its arena is lowered in the
    linked file, and the target's emulator says whether the interpreter still starts. The result is then built in.

    Args:
        tflm_root: folder with ``include/`` and ``lib/libtensorflow-microlite.a``.
        source_hash: hexadecimal SHA-256 of the model's ``.tflite``.
        arena_bytes: skips the search.

    Raises:
        ToolchainError: the library is missing or does not fit the target.
        FirmwareError: the image does not build or fit, or no arena is large enough.
    """
    chosen = board(target)
    library = inspect_tflm(tflm_root.resolve(), chosen.core)
    widths = sum({layer.bits for layer in model.layers if isinstance(layer, Dense)})

    def build(arena: int) -> FirmwareImage:
        write_tflm_arrays(model, chosen.core.variant, out_dir / "c", source_hash=source_hash, arena_bytes=arena)
        return build_firmware(
            target,
            out_dir / "c",
            out_dir,
            engine="tflm",
            flags=(*library.flags, f"-DDYNQ_TFLM_WIDTHS={widths}"),
            variables={"KWS_TFLM_LIBRARY": sha256_file(library.library)},
            progress=progress,
        )

    if arena_bytes is not None:
        return build(arena_bytes)
    spacious = _spacious(model)
    image = build(spacious)
    with progress.task("Searching the smallest arena", None) as task:

        def works(arena: int) -> bool:
            task.advance(note=f"{arena} bytes")
            return _starts(target, with_arena_limit(image, arena, out_dir / "arena.elf"))

        smallest = smallest_arena(works, spacious)
    progress.info(f"The smallest arena that works has {smallest} bytes")
    return build(smallest)


def smallest_arena(works: Callable[[int], bool], enough: int) -> int:
    """Smallest multiple of ``ARENA_STEP`` that works, by bisection.

    Args:
        works: whether the interpreter starts with an arena of so many bytes; true for every larger one too.
        enough: where to start from.

    Raises:
        FirmwareError: ``enough`` is not enough.
    """
    if not works(enough):
        raise FirmwareError(
            f"TensorFlow Lite Micro does not start with an arena of {enough} bytes",
            "was the library built from the same sources as its headers?",
        )
    low, high = 0, enough // ARENA_STEP
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if works(middle * ARENA_STEP) else (middle, high)
    return high * ARENA_STEP


def with_arena_limit(image: FirmwareImage, arena_bytes: int, elf: Path) -> FirmwareImage:
    """A copy of an image, at ``elf``, whose interpreter gets only so many bytes of its arena."""
    data = bytearray(image.elf.read_bytes())
    with image.elf.open("rb") as file:
        offset = _file_offset(ELFFile(file), _LIMIT_SYMBOL)
    data[offset : offset + 4] = struct.pack("<I", arena_bytes)
    write_bytes(elf, bytes(data))
    elf.chmod(image.elf.stat().st_mode)
    return replace(image, elf=elf)


def _file_offset(elf: ELFFile, name: str) -> int:
    table = elf.get_section_by_name(".symtab")
    symbols = table.get_symbol_by_name(name) if isinstance(table, SymbolTableSection) else None
    for symbol in symbols or ():
        if isinstance(symbol["st_shndx"], int):
            section = elf.get_section(symbol["st_shndx"])
            return int(symbol["st_value"] - section["sh_addr"] + section["sh_offset"])
    raise FirmwareError(f"the image has no {name}", "it was not built with --engine tflm")


def _spacious(model: QuantizedModel) -> int:
    """Room for every tensor, state and scratch at once, and for what the interpreter keeps of each operator."""
    tensors = sum(8 * layer.inputs + 4 * layer.outputs + layer.state_bytes for layer in model.layers)
    return (tensors + 1024 * len(model.layers) + 4096) // ARENA_STEP * ARENA_STEP


def _starts(target: str, image: FirmwareImage) -> bool:
    with open_device(target, image) as device:
        try:
            device.client.run(np.zeros(device.build.inputs, np.int8))
        except Refused:
            return False
    return True
