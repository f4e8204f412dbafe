"""A test image built from the boards' own start-up code and drivers, for the virtual nRF52840 and for QEMU's nRF51."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.cores import CORES

HERE = Path(__file__).parent
BOARDS = HERE.parents[2] / "firmware" / "boards"
CORES_OF = {"nano33": "cortex-m4", "nrf52840dk": "cortex-m4", "microbit": "cortex-m0"}


def build_exerciser(board: str, folder: Path, boards: Path = BOARDS) -> Path:
    """Compiles exerciser.c for a board, with the drivers in ``boards``; the ELF's path."""
    compiler = shutil.which("arm-none-eabi-gcc")
    assert compiler, "arm-none-eabi-gcc is missing: make setup installs it"
    elf = folder / f"{board}.elf"
    sources = [HERE / "exerciser.c", *(boards / "common").glob("*.c"), *(boards / "nrf5").glob("*.c")]
    subprocess.run(
        [
            compiler,
            *CORES[CORES_OF[board]].flags,
            "-O2",
            "-g3",
            "-std=gnu11",
            "-Wall",
            "-Wextra",
            "-Werror",
            f"-DBOARD_{board.upper()}",
            f"-I{boards}",
            f"-I{boards / 'common'}",
            "-nostartfiles",
            "--specs=nano.specs",
            "--specs=nosys.specs",
            f"-L{boards / 'common'}",
            f"-T{boards / 'nrf5' / (board + '.ld')}",
            "-Wl,--no-warn-rwx-segments",
            "-o",
            elf,
            *sources,
        ],
        check=True,
        timeout=120,
    )
    return elf


@pytest.fixture(scope="session")
def nano33_elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_exerciser("nano33", tmp_path_factory.mktemp("nano33"))


@pytest.fixture(scope="session")
def microbit_elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_exerciser("microbit", tmp_path_factory.mktemp("microbit"))
