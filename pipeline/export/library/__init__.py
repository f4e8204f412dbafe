"""A model with all that listens to it as a library for other people's firmware: one header, and sources to compile."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline import __version__
from pipeline.cores import CORES, Core
from pipeline.errors import UsageError
from pipeline.export.c_arrays import write_c_arrays
from pipeline.layers import QuantizedModel
from pipeline.project import PROJECT
from pipeline.templates import templates

_VARIANT_FILES = {
    "reference": ("dynq_reference",),
    "scalar": ("dynq_scalar", "dynq_soft"),
    "cortex_m4_dsp": ("dynq_cortex_m4_dsp",),
    "mve": ("dynq_mve",),
}
"""How the names of the kernels' files begin, by variant; all other files are every variant's."""
_UNUSED = ("dynq_crc32", "dynq_size")
"""What only loaders of model files need."""
_ARDUINO_HEAD = (
    "/* Arduino lets no library set -ffp-contract=off; without it the last bit of a score may differ. */\n"
    '#if defined(__GNUC__) && !defined(__clang__)\n#pragma GCC optimize("fp-contract=off")\n#endif\n'
)
VARIANTS = tuple(_VARIANT_FILES)
"""Kernel variants that a library can hold."""
FORMATS = ("cmake", "platformio", "arduino")
"""What builds a library."""


@dataclass(frozen=True)
class LibraryFiles:
    """A library that was written.

    Attributes:
        files: relative to its folder.
        constant_bytes: of weights and parameters, in the kernels' packing that takes most.
    """

    files: tuple[Path, ...]
    constant_bytes: int


def write_library(
    model: QuantizedModel, form: str, directory: Path, *, variants: Sequence[str] = VARIANTS, source_hash: str
) -> LibraryFiles:
    """Writes a self-contained library: kernels, front end, listener, model, ``wake_word.h``, an example, a README.

    Args:
        form: one of ``FORMATS``.
        directory: must not exist yet, or be empty; appears as a whole.
        variants: kernels to include; the compiler picks one of them by its core, and refuses another core.
        source_hash: hexadecimal SHA-256 of the ``.tflite``.

    Raises:
        UsageError: the directory holds something.
        QuantizationError, RecipeError: as ``write_c_arrays``.
    """
    if directory.exists() and not (directory.is_dir() and not any(directory.iterdir())):
        raise UsageError(f"{directory} exists already", "name a new folder, or delete that one")
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".wake_word-", dir=directory.parent) as temporary:
        folder = Path(temporary, "library")
        head = _ARDUINO_HEAD if form == "arduino" else ""
        for source, name in _sources(variants):
            text = source.read_text("utf-8")
            _write(folder / name, head + text if name.endswith(".c") else text)
        size = _write_models(model, variants, folder / "src" / "wake_word", head, source_hash)
        _write_form(model, form, folder, variants, source_hash)
        files = tuple(sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file()))
        os.replace(folder, directory)
    return LibraryFiles(files, size)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def _sources(variants: Sequence[str]) -> Iterator[tuple[Path, str]]:
    """Files of the firmware, and their names in the library."""
    firmware = PROJECT / "firmware"
    unwanted = _UNUSED + tuple(
        start for variant, starts in _VARIANT_FILES.items() if variant not in variants for start in starts
    )
    for library in ("dynq", "frontend", "listener"):
        for path in sorted((firmware / "lib" / library).iterdir()):
            if path.suffix in (".c", ".h", ".S", ".inc") and not path.name.startswith(unwanted):
                yield path, f"src/wake_word/{path.name}"
    yield firmware / "app" / "kws_model.h", "src/wake_word/kws_model.h"
    yield firmware / "lib" / "wake_word" / "wake_word.c", "src/wake_word/wake_word.c"
    yield firmware / "lib" / "wake_word" / "wake_word.h", "src/wake_word.h"
    yield PROJECT / "LICENSE", "LICENSE"


def _write_models(model: QuantizedModel, variants: Sequence[str], folder: Path, head: str, source_hash: str) -> int:
    """Writes the model as each variant packs it, of which one is compiled; returns the bytes of the largest."""
    sizes = []
    choice = ""
    for variant in variants:
        with tempfile.TemporaryDirectory(prefix="dynq-export-") as name:
            generated = Path(name)
            sizes.append(write_c_arrays(model, variant, generated, source_hash=source_hash).constant_bytes)
            texts = {path.name: path.read_text("utf-8") for path in generated.iterdir()}
        guard = f"DYNQ_VARIANT_{variant.upper()}"
        choice += f'#{"elif" if choice else "if"} defined({guard})\n#include "kws_model_config_{variant}.h"\n'
        body = f'{head}#include "dynq_variant.h"\n\n#ifdef {guard}\n{texts["kws_model.c"]}#endif\n'
        _write(folder / f"kws_model_{variant}.c", body)
        _write(folder / f"kws_model_config_{variant}.h", texts["kws_model_config.h"])
    _write(
        folder / "kws_model_config.h",
        f'/* Sizes of the model for the core that is compiled for. */\n#include "dynq_variant.h"\n\n{choice}#else\n'
        '#error "exported without the kernels of this core: export again, with --core or for all cores"\n#endif\n',
    )
    _write(folder / "kws_frontend.c", head + texts["kws_frontend.c"])
    _write(folder / "kws_frontend.h", texts["kws_frontend.h"])
    return max(sizes)


def _write_form(model: QuantizedModel, form: str, folder: Path, variants: Sequence[str], source_hash: str) -> None:
    """Writes what one form of library has and others have not, and the README."""
    environment = templates("pipeline.export.library")
    cores = [core for core in CORES.values() if core.variant in variants]
    thresholds = [pair for pair in zip(model.labels, model.thresholds, strict=True) if pair[0] in model.keywords]
    kernels = sorted(path.name for path in (folder / "src" / "wake_word").iterdir() if path.suffix in (".c", ".S"))

    values = {
        "name": model.name, "thresholds": thresholds, "form": form, "version": __version__, "hash": source_hash,
        "cores": cores, "sources": kernels,
    }  # fmt: skip

    def render(template: str, name: str, core: Core | None = None) -> None:
        _write(folder / name, environment.get_template(template).render(values, core=core))

    examples = PROJECT / "firmware" / "lib" / "wake_word" / "examples"
    sketch = (examples / "microphone" / "microphone.ino").read_text("utf-8")
    render("README.md.j2", "README.md")
    if form == "cmake":
        render("CMakeLists.txt.j2", "CMakeLists.txt")
        for core in cores:
            if not core.is_host:
                render("toolchain.cmake.j2", f"cmake/{core.cpu}.cmake", core)
        _write(folder / "examples/events/main.c", (examples / "events" / "main.c").read_text("utf-8"))
    elif form == "platformio":
        render("library.json.j2", "library.json")
        render("platformio.ini.j2", "examples/microphone/platformio.ini")
        _write(folder / "examples/microphone/src/main.cpp", sketch)
    else:
        render("library.properties.j2", "library.properties")
        _write(folder / "examples/microphone/microphone.ino", sketch)
