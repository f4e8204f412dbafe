"""Compiles C into a shared library on first use and loads it with cffi.

A library is a stage of which all that decides the machine code is an input: sources, headers beside them, flags, the
compiler and its version. So the sources may lie in a read-only install, an edit rebuilds, and so does damage.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cffi import FFI

from pipeline.errors import ToolchainError
from pipeline.files import sha256_file
from pipeline.project import cache_folder
from pipeline.stages import Stages

BASE_FLAGS = ("-std=c11", "-O2", "-ffp-contract=off", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror")
"""Without -ffp-contract=off a compiler may fuse multiply and add, and the bits would differ from the device's."""

_COMPILE_SECONDS = 120
_SYSTEM_HEADERS = ("assert.h", "stdbool.h", "stddef.h", "stdint.h", "string.h")
"""Headers whose types cffi knows by itself."""


@dataclass(frozen=True)
class NativeLibrary:
    """A loaded library: call ``lib.function(...)``, make buffers with ``ffi``."""

    ffi: Any
    lib: Any
    path: Path


@functools.cache
def compiler() -> tuple[str, str]:
    """Path and version line of the host's C compiler."""
    for candidate in (os.environ.get("CC"), "cc", "gcc", "clang"):
        path = shutil.which(candidate) if candidate else None
        if path:
            result = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30, check=False)
            return path, result.stdout.partition("\n")[0]
    raise ToolchainError("no C compiler on PATH", "install one: sudo apt-get install gcc libc6-dev, or set CC")


@functools.cache
def compile_library(
    name: str,
    sources: tuple[Path, ...],
    cdef: str,
    flags: tuple[str, ...] = (),
    include: tuple[Path, ...] = (),
) -> NativeLibrary:
    """Builds ``sources`` (or finds them built) and loads them.

    Args:
        name: prefix of the file in the cache.
        sources: C files; their folders are include paths.
        cdef: declarations for cffi.
        flags: compiler flags after ``BASE_FLAGS``.
        include: further include paths, whose headers count for the cache too.

    Raises:
        ToolchainError: no C compiler, or it failed; the message carries its output.
    """
    folders = list(dict.fromkeys([source.parent for source in sources] + list(include)))

    def make(into: Path) -> None:
        command = [compiler()[0], *BASE_FLAGS, *(f"-I{folder}" for folder in folders), *flags]
        _run([*command, *map(str, sources), "-o", str(into / "library.so")], name)

    headers = sorted(header for folder in folders for header in folder.glob("*.h"))
    contents = [(file.name, sha256_file(file)) for file in [*sources, *headers]]
    inputs = {"compiler": compiler(), "flags": [*BASE_FLAGS, *flags], "files": contents}
    path = Stages(cache_folder("native")).run(name, inputs, make).folder / "library.so"
    ffi = FFI()
    ffi.cdef(cdef)
    try:
        return NativeLibrary(ffi, ffi.dlopen(str(path)), path)
    except OSError as error:
        raise ToolchainError(f"{path} does not load: {error}", "delete it, it will be built again") from None


@functools.cache
def declarations(*headers: Path, include: tuple[Path, ...] = ()) -> str:
    """What headers declare, for the ``cdef`` of :func:`compile_library`: preprocessed, without system headers.

    Args:
        headers: they may include others of their own folders.
        include: folders of the headers that they include otherwise.

    Raises:
        ToolchainError: as :func:`compile_library`.
    """
    with tempfile.TemporaryDirectory(prefix="dynq-headers-") as folder:
        for name in _SYSTEM_HEADERS:
            Path(folder, name).touch()
        source = Path(folder, "all.h")
        source.write_text("".join(f'#include "{header}"\n' for header in headers))
        no_asserts = ("-D_Static_assert(...)=", "-Dstatic_assert(...)=")
        folders = (f"-I{path}" for path in (folder, *include))
        command = [compiler()[0], "-E", "-P", "-nostdinc", *no_asserts, *folders, "-xc", str(source)]
        return _run(command, " and ".join(header.name for header in headers))


def _run(command: list[str], name: str) -> str:
    """Runs the compiler and returns what it prints."""
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=_COMPILE_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise ToolchainError(f"compiling {name} took over {_COMPILE_SECONDS} s", "is the machine overloaded?") from None
    except OSError as error:
        raise ToolchainError(f"cannot run {command[0]}: {error}", "set CC to a working C compiler") from None
    if result.returncode:
        tail = "\n".join(result.stderr.strip().splitlines()[:20])
        raise ToolchainError(
            f"compiling {name} for this machine failed:\n{tail}", "gcc or clang with the C library's headers is needed"
        )
    return result.stdout
