"""Builds the operator for the `tflite-micro` wheel and runs models there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

HERE = Path(__file__).parent
LIBRARIES = HERE.parents[1] / "firmware" / "lib"
INCLUDES = [f"-I{HERE / 'abi'}", f"-I{LIBRARIES / 'dynq'}", f"-I{LIBRARIES / 'tflm'}"]
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-ffp-contract=off"]


class Refused(Exception):
    """The interpreter did not accept a model; the message is the operator's."""


def compile_operator(
    directory: Path,
    sources: list[Path],
    output: str,
    *,
    compiler: tuple[str, str] = ("cc", "c++"),
    flags: tuple[str, ...] = ("-O2", "-fPIC"),
) -> list[str]:
    """Compiles kernels, operator and ``sources`` with the declared binary interface; returns the object files."""
    objects = []
    c_sources = [*sorted((LIBRARIES / "dynq").glob("*.c")), *sorted((LIBRARIES / "tflm").glob("*.c"))]
    for source in [*c_sources, *sorted((LIBRARIES / "tflm").glob("*.cc")), *sources]:
        is_c = source.suffix == ".c"
        objects.append(str(directory / f"{output}-{source.name}.o"))
        language = ["-std=c11"] if is_c else ["-std=c++17", "-fno-rtti"]
        subprocess.run(
            [compiler[0 if is_c else 1], *language, *WARNINGS, *flags, *INCLUDES, "-c", str(source), "-o", objects[-1]],
            check=True,
            timeout=120,
        )
    return objects


@pytest.fixture(scope="session")
def wheel_operator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The operator as a shared library that the wheel's interpreter can find."""
    directory = tmp_path_factory.mktemp("operator")
    objects = compile_operator(directory, [HERE / "wheel_registerer.cc", HERE / "running_sum.cc"], "wheel")
    library = directory / "operator.so"
    subprocess.run(["c++", "-shared", *objects, "-o", str(library)], check=True, timeout=120)
    return library


def run_in_wheel(
    library: Path | None, model: bytes, features: NDArray[Any], directory: Path, *, reset_every: int = 1
) -> NDArray[np.float32]:
    """Outputs ``[B, N]`` of a model file in the wheel's interpreter, which is reset before every so many of the inputs
    ``[B, K]``; without a library, of built-in operators."""
    names = [directory / name for name in ("model.tflite", "features.npy", "output.npy")]
    names[0].write_bytes(model)
    np.save(names[1], features)
    names[2].unlink(missing_ok=True)
    result = subprocess.run(
        [sys.executable, str(HERE / "wheel_worker.py"), str(library or "-"), *map(str, names), str(reset_every)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if result.returncode == 3:
        raise Refused(result.stdout + result.stderr)
    assert result.returncode == 0, result.stderr
    return np.load(names[2])
