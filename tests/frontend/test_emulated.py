"""The front end on emulated cores, with and without an FPU: the host's bits."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from pipeline.boards import BOARDS
from pipeline.config import Frontend
from pipeline.frontend import mel_power, native, write_c
from pipeline.project import PROJECT

FOLDER = PROJECT / "firmware" / "lib" / "frontend"
SETTINGS = Frontend(context_frames=3)
SCRIPT = """
ENTRY(vectors)
MEMORY { CODE (rx) : ORIGIN = %#x, LENGTH = %#x
         RAM (rwx) : ORIGIN = %#x, LENGTH = %#x }
stack_top = ORIGIN(RAM) + LENGTH(RAM);
SECTIONS {
  .text : { KEEP(*(.vectors)) *(.text*) *(.rodata*) } > CODE
  .ARM.exidx : { *(.ARM.exidx*) } > CODE
  .bss (NOLOAD) : { *(.bss*) *(COMMON) } > RAM
  .data : { *(.data*) } > RAM
}
ASSERT(SIZEOF(.data) == 0, "nothing copies initial values")
"""


def samples() -> np.ndarray:
    rng = np.random.default_rng(2)
    loud = rng.integers(-32768, 32768, 500)
    quiet = np.rint(rng.normal(0, 2, 600))
    tone = np.rint(12_000 * np.sin(np.arange(900) * 0.3) + rng.normal(0, 20, 900))
    return np.concatenate([loud, quiet, np.zeros(200), tone]).astype(np.int16)


@pytest.mark.parametrize("board", [board for board in BOARDS.values() if board.memory], ids=lambda board: board.target)
def test_same_bits_as_on_the_host(board, tmp_path):
    pcm, chunk = samples(), 137
    write_c(SETTINGS, tmp_path)
    numbers = ", ".join(map(str, pcm))
    (tmp_path / "samples.h").write_text(
        f"#define SAMPLES {len(pcm)}\n#define CHUNK {chunk}\n#define INPUTS {SETTINGS.inputs}\n"
        f"static const int16_t samples[SAMPLES] = {{{numbers}}};\n"
    )
    (tmp_path / "link.ld").write_text(SCRIPT % (*board.memory.code, *board.memory.ram))
    elf = tmp_path / "runner.elf"
    command = ["arm-none-eabi-gcc", *board.core.flags, "-std=c11", "-O2", "-ffp-contract=off", "-Wall", "-Wextra"]
    command += ["-Werror", f"-I{FOLDER}", f"-I{tmp_path}", *map(str, FOLDER.glob("*.c"))]
    command += [str(tmp_path / "kws_frontend.c"), str(Path(__file__).with_name("runner.c")), "-nostartfiles"]
    command += [f"-T{tmp_path / 'link.ld'}", "-Wl,--no-warn-rwx-segments", "-o", str(elf)]
    subprocess.run(command, check=True, timeout=60)
    qemu = ["qemu-system-arm", "-M", board.machine, "-display", "none", "-serial", "none", "-monitor", "none"]
    qemu += ["-semihosting-config", "enable=on,target=native", "-kernel", str(elf)]
    done = subprocess.run(qemu, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
    words = (done.stdout + done.stderr).split()

    powers = mel_power(pcm, SETTINGS)[0].view(np.uint32)
    assert words[: SETTINGS.bands] == [f"{bits:08x}" for bits in powers]
    chunks = [pcm[i : i + chunk] for i in range(0, len(pcm), chunk)]
    rows = native(SETTINGS).stream(chunks).view(np.uint8)
    expected = sliding_window_view(rows, SETTINGS.context_frames, axis=0).swapaxes(1, 2)  # oldest row first
    assert len(expected) >= 2
    assert words[SETTINGS.bands :] == [f"{code:02x}" for code in expected.ravel()]
