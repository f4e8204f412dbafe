"""A user's own build of TensorFlow Lite Micro: is it there, and does it fit the image that it will be linked into?"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import ARMAttributesSection, SymbolTableSection

from pipeline.cores import Core
from pipeline.errors import ToolchainError

LIBRARY_NAME = "libtensorflow-microlite.a"

# Tag_CPU_arch of the Arm ABI, M profile, from the most modest to the most capable: code for one runs on those after it.
_ARCHITECTURES = {
    11: "v6-M",
    12: "v6S-M",
    10: "v7-M",
    13: "v7E-M",
    16: "v8-M.baseline",
    17: "v8-M.mainline",
    21: "v8.1-M.mainline",
}

_RELEASE = ("-DTF_LITE_STRIP_ERROR_STRINGS", "-DNDEBUG")
"""Headers as a release build has them: TFLM's own texts would only fill flash. Other builds link with them as well."""

_DYNAMIC_MEMORY_SYMBOL = "TfLiteTensorRealloc"
"""Compiled only where TF_LITE_STATIC_MEMORY was not defined."""


@dataclass(frozen=True)
class TflmLibrary:
    """A library that fits.

    Attributes:
        flags: compiler and linker flags that use it.
        namespaced: whether it has the layout of autumn 2026, all in ``tflite::micro``.
    """

    root: Path
    library: Path
    flags: tuple[str, ...]
    namespaced: bool


def inspect_tflm(root: Path, core: Core) -> TflmLibrary:
    """Looks at ``root/include`` and ``root/lib`` as TFLM's Makefile makes them.

    Args:
        core: what the image is for.

    Raises:
        ToolchainError: a part is missing, or the library was built for another core, another float ABI, or without
            ``TF_LITE_STATIC_MEMORY``.
    """
    include, library = root / "include", root / "lib" / LIBRARY_NAME
    if not (include / "tensorflow/lite/micro/micro_interpreter.h").is_file():
        raise ToolchainError(
            f"no TensorFlow Lite Micro headers in {include}",
            "--tflm-root names a folder with include/tensorflow/... and lib/" + LIBRARY_NAME,
        )
    if not library.is_file():
        raise ToolchainError(
            f"no {library}",
            "build it: make -f tensorflow/lite/micro/tools/make/Makefile "
            f"TARGET=cortex_m_generic TARGET_ARCH={_target_arch(core)} microlite, and copy it there",
        )
    folders = [include, *(include / "third_party" / name for name in ("flatbuffers/include", "gemmlowp", "ruy"))]
    missing = [folder for folder in (include / "signal", *folders) if not folder.is_dir()]
    if missing:
        raise ToolchainError(
            f"no {missing[0]}", "copy TFLM's headers of signal and third_party (flatbuffers, gemmlowp, ruy) there too"
        )
    namespaced = (include / "tensorflow/lite/micro/c/common.h").is_file()
    _check_objects(library, core)
    flags = [*(f"-isystem {folder}" for folder in folders), *_RELEASE]
    if not namespaced:
        flags.append("-DTF_LITE_STATIC_MEMORY")  # decides the layout of its structs
    return TflmLibrary(root, library, (*flags, f"-L{library.parent}", "-ltensorflow-microlite"), namespaced)


def _target_arch(core: Core) -> str:
    """TFLM's name of a core; where the FPU is an option to it, it wants to be told."""
    return f"{core.cpu}+fp" if core.architecture == "v7E-M" and core.fpu else core.cpu


def _check_objects(library: Path, core: Core) -> None:
    seen = 0
    for name, data in _members(library):
        try:
            elf = ELFFile(io.BytesIO(data))
        except ELFError:
            raise ToolchainError(f"{library}: {name} is not an object file", "is it a GCC or Clang archive?") from None
        machine = elf["e_machine"]
        if (machine == "EM_ARM") == core.is_host:
            raise ToolchainError(
                f"{library} was built for {machine}, the image is for {core.cpu}",
                f"build it with TARGET_ARCH={_target_arch(core)}",
            )
        if not core.is_host:
            _check_arm(library, elf, core)
        if _defines(elf, _DYNAMIC_MEMORY_SYMBOL):
            raise ToolchainError(
                f"{library} was built without TF_LITE_STATIC_MEMORY, so its structs differ",
                "build it with TFLM's own Makefile, which defines it",
            )
        seen += 1
    if not seen:
        raise ToolchainError(f"{library} holds no object file", "build it again")


def _check_arm(library: Path, elf: ELFFile, core: Core) -> None:
    tags = _attributes(elf)
    order, tag = list(_ARCHITECTURES.values()), tags.get("TAG_CPU_ARCH")
    built = order[0] if tag is None else _ARCHITECTURES.get(tag, f"architecture {tag}")
    if built not in order or order.index(built) > order.index(core.architecture):
        raise ToolchainError(
            f"{library} was built for Arm {built}, {core.cpu} is {core.architecture}",
            f"build it with TARGET_ARCH={_target_arch(core)}",
        )
    library_hard = bool(tags.get("TAG_ABI_VFP_ARGS", 0))
    hard = core.fpu is not None
    if library_hard != hard:
        names = ("soft", "hard")
        raise ToolchainError(
            f"{library} has the {names[library_hard]} float ABI, images for {core.cpu} have the {names[hard]} one",
            f"build it with TARGET_ARCH={_target_arch(core)}",
        )


def _attributes(elf: ELFFile) -> dict[str, int]:
    """Numeric build attributes of one object file."""
    tags: dict[str, int] = {}
    for section in elf.iter_sections():
        if isinstance(section, ARMAttributesSection):
            for subsection in section.iter_subsections():
                for part in subsection.iter_subsubsections():
                    tags.update({a.tag: a.value for a in part.iter_attributes() if isinstance(a.value, int)})
    return tags


def _defines(elf: ELFFile, symbol: str) -> bool:
    table = elf.get_section_by_name(".symtab")
    if not isinstance(table, SymbolTableSection):
        return False
    return any(s["st_shndx"] != "SHN_UNDEF" for s in table.get_symbol_by_name(symbol) or ())


def _members(library: Path) -> Iterator[tuple[str, bytes]]:
    """Object files of an archive, without its index and its table of long names."""
    data = library.read_bytes()
    if not data.startswith(b"!<arch>\n"):
        raise ToolchainError(f"{library} is not a static library", "name one made by ar")
    at = 8
    while at + 60 <= len(data):
        name, size = data[at : at + 16].decode("latin-1").strip(), data[at + 48 : at + 58].strip()
        if data[at + 58 : at + 60] != b"`\n" or not size.isdigit() or at + 60 + int(size) > len(data):
            raise ToolchainError(f"{library} is damaged", "build it again")
        if name not in ("/", "//", "/SYM64/"):
            yield name, data[at + 60 : at + 60 + int(size)]
        at += 60 + int(size) + int(size) % 2
