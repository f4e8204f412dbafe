"""The front end on emulated cores, with and without an FPU: the host's bits."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from pipeline._native import FIRMWARE_LIB
from pipeline.config import Frontend
from pipeline.frontend import mel_power, native, write_c

FOLDER = FIRMWARE_LIB / "frontend"
SETTINGS = Frontend(context_frames=3)
CORES = {
    # GCC's options, QEMU's machine, origin of code and of RAM
    "m0": (("-mcpu=cortex-m0",), "microbit", 0x0),
    "m3": (("-mcpu=cortex-m3",), "mps2-an385", 0x0),
    "m4f": (("-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"), "mps2-an386", 0x0),
    "m7": (("-mcpu=cortex-m7", "-mfpu=fpv5-sp-d16", "-mfloat-abi=hard"), "mps2-an500", 0x0),
    "m55": (("-mcpu=cortex-m55", "-mfloat-abi=hard"), "mps3-an547", 0x0),
}
SCRIPT = """
ENTRY(vectors)
MEMORY { CODE (rx) : ORIGIN = %#x, LENGTH = 64K
         RAM (rwx) : ORIGIN = 0x20000000, LENGTH = 16K }
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


@pytest.mark.parametrize("core", CORES)
def test_same_bits_as_on_the_host(core, tmp_path):
    flags, machine, origin = CORES[core]
    pcm, chunk = samples(), 137
    write_c(SETTINGS, tmp_path)
    numbers = ", ".join(map(str, pcm))
    (tmp_path / "samples.h").write_text(
        f"#define SAMPLES {len(pcm)}\n#define CHUNK {chunk}\n#define INPUTS {SETTINGS.inputs}\n"
        f"static const int16_t samples[SAMPLES] = {{{numbers}}};\n"
    )
    (tmp_path / "link.ld").write_text(SCRIPT % origin)
    elf = tmp_path / "runner.elf"
    command = ["arm-none-eabi-gcc", "-mthumb", *flags, "-std=c11", "-O2", "-ffp-contract=off", "-Wall", "-Wextra"]
    command += ["-Werror", f"-I{FOLDER}", f"-I{tmp_path}", *map(str, FOLDER.glob("*.c"))]
    command += [str(tmp_path / "kws_frontend.c"), str(Path(__file__).with_name("runner.c")), "-nostartfiles"]
    command += [f"-T{tmp_path / 'link.ld'}", "-Wl,--no-warn-rwx-segments", "-o", str(elf)]
    subprocess.run(command, check=True, timeout=60)
    qemu = ["qemu-system-arm", "-M", machine, "-display", "none", "-serial", "none", "-monitor", "none"]
    qemu += ["-semihosting-config", "enable=on,target=native", "-kernel", str(elf)]
    done = subprocess.run(qemu, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
    words = (done.stdout + done.stderr).split()

    powers = mel_power(pcm, SETTINGS)[0].view(np.uint32)
    assert words[: SETTINGS.bands] == [f"{bits:08x}" for bits in powers]
    chunks = [pcm[i : i + chunk] for i in range(0, len(pcm), chunk)]
    expected = native(SETTINGS).contexts(chunks).view(np.uint8)
    assert len(expected) >= 2
    assert words[SETTINGS.bands :] == [f"{code:02x}" for code in expected.ravel()]
