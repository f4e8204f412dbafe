"""Exported libraries, compiled and run: on this machine, and on emulated cores."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.boards import Board
from pipeline.config import Detector
from pipeline.layers import QuantizedModel
from pipeline.listening.heard import Event
from tests.conftest import make_temporal_model

STRICT = ("-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-pedantic")
_SCRIPT = """
ENTRY(_start)
MEMORY { CODE (rx) : ORIGIN = %#x, LENGTH = %#x
         RAM (rwx) : ORIGIN = %#x, LENGTH = %#x }
stack_top = ORIGIN(RAM) + LENGTH(RAM);
SECTIONS {
  .text : { KEEP(*(.vectors)) *(.text*) KEEP(*(.init)) KEEP(*(.fini)) *(.rodata*) } > CODE
  .ARM.exidx : { *(.ARM.exidx*) } > CODE
  .data : { *(.data*) } > RAM
  .bss (NOLOAD) : { __bss_start__ = .; *(.bss*) *(COMMON) __bss_end__ = .; } > RAM
  end = .; __end__ = .;
}
"""


def listening_model(bits: int) -> QuantizedModel:
    """A small network of every type of layer whose random weights make events."""
    model = make_temporal_model(bits, channels=20, blocks=2, taps=3, pooling=3, labels=5, frames=12)
    return replace(model, detector=Detector(threshold=0.3, smoothing_frames=3, refractory_ms=200))


def run(*command: str | Path, stdin: bytes = b"", seconds: float = 120) -> bytes:
    """What a program prints; it must end well."""
    done = subprocess.run(list(map(str, command)), input=stdin, capture_output=True, timeout=seconds, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr).decode("utf-8", "replace")
    return done.stdout


def sources(library: Path, kinds: tuple[str, ...] = (".c", ".S")) -> list[Path]:
    return sorted(path for path in (library / "src" / "wake_word").iterdir() if path.suffix in kinds)


def parsed(printed: bytes) -> list[tuple[int, str, np.float32]]:
    """Sample, keyword and score of the events that the example prints."""
    rows = [line.split("\t") for line in printed.decode().splitlines()]
    return [(int(sample), name, np.float32(score)) for sample, _, name, score in rows]


def told(events: list[Event]) -> list[tuple[int, str, np.float32]]:
    """The same of a listener of ours."""
    return [(event.sample, event.label, np.float32(event.score)) for event in events]


def build_for(board: Board, library: Path, folder: Path) -> Path:
    """Links a library's example for an emulated core, with the C library's streams going to the host."""
    assert board.memory is not None
    (folder / "link.ld").write_text(_SCRIPT % (*board.memory.code, *board.memory.ram))
    sections = ("-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections", "-Wl,--no-warn-rwx-segments")
    command = ["arm-none-eabi-gcc", *board.core.flags, *STRICT, "-ffp-contract=off", *sections, f"-I{library / 'src'}"]
    command += [*sources(library), library / "examples/events/main.c", Path(__file__).with_name("startup.c")]
    run(*command, "--specs=rdimon.specs", "-T", folder / "link.ld", "-o", folder / "events.elf")
    return folder / "events.elf"


def emulate(board: Board, elf: Path, *arguments: str | Path) -> bytes:
    words = "".join(f",arg={word}" for word in ("events", *arguments))
    qemu = ["qemu-system-arm", "-M", board.machine, "-display", "none", "-serial", "none", "-monitor", "none"]
    return run(*qemu, "-semihosting-config", f"enable=on,target=native{words}", "-kernel", elf)
