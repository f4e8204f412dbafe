"""Looks at a machine and says what would stop a run, before it does."""

from __future__ import annotations

import grp
import importlib.metadata
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from serial.tools import list_ports

from pipeline.cores import CORES
from pipeline.emulators import qemu


@dataclass(frozen=True)
class Check:
    """One thing looked at.

    Attributes:
        needed_for: what does not work without it; empty when nothing is wrong.
        hint: how to mend it.
    """

    name: str
    found: str
    needed_for: str = ""
    hint: str = ""

    @property
    def ok(self) -> bool:
        return not self.needed_for


def examine() -> Iterator[Check]:
    """Looks at interpreter, programs, packages and serial ports, one by one."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield (
        Check("Python", version)
        if (3, 11) <= sys.version_info < (3, 13)
        else Check("Python", version, "everything", "use Python 3.11 or 3.12")
    )
    for toolchain, packages in dict.fromkeys((core.toolchain, core.packages) for core in CORES.values()):
        purpose = "building firmware" if toolchain else "the front end and the kernels on this computer"
        yield _program(f"{toolchain}gcc", "--version", purpose, packages)
    yield _program(qemu.PROGRAM, "--version", "--target qemu", qemu.PROGRAM)
    yield _program("flite", "--version", "four more voices for typed words", "flite")
    for name, purpose, wanted in (
        ("tensorflow", "training", "dynq"),
        ("platformio", "building firmware", "dynq"),
        ("unicorn", "the virtual board of --target nano33", "dynq"),
        ("espeakng-loader", "synthetic speech", "dynq[speech]"),
        ("pyocd", "flashing through SWD probes", "dynq[swd]"),
    ):
        yield _package(name, purpose, wanted)
    yield from _ports()


def _program(name: str, flag: str, purpose: str, packages: str) -> Check:
    path = shutil.which(name)
    if path is None:
        return Check(name, "not on PATH", purpose, f"sudo apt-get install {packages}")
    done = subprocess.run([path, flag], capture_output=True, text=True, timeout=30, check=False)
    return Check(name, (done.stdout.splitlines() or ["no version"])[0])


def _package(name: str, purpose: str, wanted: str) -> Check:
    try:
        return Check(name, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Check(name, "not installed", purpose, f"pip install '{wanted}'")


def _ports() -> Iterator[Check]:
    ports = [port for port in list_ports.comports() if port.vid is not None]
    if not ports:
        yield Check("serial ports", "no USB board connected; emulated ones need none")
    for port in ports:
        if os.access(port.device, os.R_OK | os.W_OK):
            yield Check(port.device, f"{port.description}, serial number {port.serial_number}")
        else:
            group = grp.getgrgid(Path(port.device).stat().st_gid).gr_name
            yield Check(
                port.device, "no permission", "this board", f"sudo usermod -aG {group} $USER, then log in again"
            )
