"""The programs that write flash: bossac from PlatformIO's package for USB, pyOCD for debug probes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from pipeline.errors import DeviceError, ToolchainError, UsageError
from pipeline.firmware import OFFLINE, PLATFORMIO_OFFLINE
from pipeline.flashing.bootloader import HINT, Bootloader
from pipeline.flashing.ports import UsbPort

WRITE_SECONDS = 180.0
"""An upload of the whole flash takes half a minute; one that takes longer is stuck."""

_PACKAGE = "platformio/tool-bossac-nordicnrf52"


def bossac() -> tuple[str, ...]:
    """Command that runs the bossac which knows this board: PlatformIO's package, fetched at the first use."""
    return (sys.executable, "-m", "platformio", "pkg", "exec", "-p", _PACKAGE, "--", "bossac")


def flat_image(elf: Path, start: int) -> bytes:
    """The flash content of an ELF, gaps erased.

    Args:
        start: where the bootloader starts the program.

    Raises:
        DeviceError: no ELF, or one linked for another address: over the bootloader, or where nothing would start it.
    """
    try:
        with elf.open("rb") as file:
            parts = [
                (s["p_paddr"], s.data())
                for s in ELFFile(file).iter_segments()
                if s["p_type"] == "PT_LOAD" and s["p_filesz"]
            ]
    except (OSError, ELFError) as error:
        raise DeviceError(f"{elf} is not a firmware image: {error}", "name the .elf that PlatformIO built") from None
    linked = min((address for address, _ in parts), default=0)
    if linked != start:
        raise DeviceError(
            f"{elf.name} is linked for 0x{linked:x}, the bootloader starts 0x{start:x}", "build it for this board"
        )
    flat = bytearray(b"\xff" * (max(address + len(data) for address, data in parts) - start))
    for address, data in parts:
        flat[address - start : address - start + len(data)] = data
    return bytes(flat)


def flash_usb(
    image: Path,
    board: UsbPort,
    *,
    bootloader: Bootloader | None = None,
    program: Sequence[str] | None = None,
    attempts: int = 2,
) -> UsbPort:
    """Writes a program to a board over its own USB socket.

    Args:
        image: ``.elf``, or a ``.bin`` for the address that the bootloader starts; the bootloader below it stays.
        board: its port now, of the running program or of the bootloader.
        program: command that stands for bossac.

    Returns:
        The bootloader's port it went through; ``Bootloader.wait_for_program`` finds the one after it.

    Raises:
        UsageError: the port is no board's own.
        DeviceError: the bootloader does not appear, or the upload fails.
        ToolchainError: bossac is not installed, and there is no internet to fetch it.
    """
    _check(image)
    socket = board.board.usb if board.board else None
    if socket is None:
        raise UsageError(
            f"{board} is no board's own USB port: the board cannot be flashed through it",
            "name a debug probe, or the board's USB socket",
        )
    if image.suffix == ".elf":
        with tempfile.TemporaryDirectory(prefix="kws-flash-") as folder:
            binary = Path(folder) / "firmware.bin"
            binary.write_bytes(flat_image(image, socket.start))
            return flash_usb(binary, board, bootloader=bootloader, program=program, attempts=attempts)
    loader = bootloader or Bootloader()
    for attempt in range(1, attempts + 1):
        port = loader.enter(board)
        command = [
            *(program or bossac()),
            "--port",
            Path(port.device).name,
            "--write",
            "--erase",
            "-U",
            "--reset",
            str(image),
        ]
        log, status = _run(command, "bossac")
        if status == 0:
            return port
        if any(sign in log for sign in OFFLINE):
            raise ToolchainError(
                "bossac is not installed and could not be fetched",
                "connect to the internet once, or flash with a debug probe (--probe)",
            )
        if attempt == attempts:
            raise DeviceError(f"bossac could not write {board}:\n{_tail(log)}", HINT)
    raise AssertionError("unreachable")


def flash_swd(image: Path, chip: str, *, probe: str | None = None) -> None:
    """Writes an ELF through a debug probe, sector by sector: a chip erase would take the bootloader too.

    Args:
        chip: pyOCD's name of it.
        probe: unique ID of the probe, or a part of it; None for the only one.

    Raises:
        ToolchainError: pyOCD is not installed.
        DeviceError: no such probe, or it cannot write the chip.
    """
    _check(image)
    command = [
        sys.executable,
        "-m",
        "pyocd",
        "load",
        "--no-config",
        "--no-wait",
        "-t",
        chip,
        "-e",
        "sector",
        *(["-u", probe] if probe else []),
        "--format",
        "elf",
        str(image),
    ]
    log, status = _run(command, "pyOCD")
    if status == 0:
        return
    if "No module named" in log:
        raise ToolchainError("pyOCD is not installed", "pip install 'dynq[swd]'")
    if "No target device available" in log or "No available debug probes" in log:
        raise DeviceError(
            f"no debug probe{f' with ID {probe}' if probe else ''} is connected",
            "`pyocd list` shows the probes; on Linux they need pyOCD's udev rules",
        )
    raise DeviceError(
        f"pyOCD could not write {image.name}:\n{_tail(log)}", "check the SWD wires and that the chip has power"
    )


def _check(image: Path) -> None:
    if not image.is_file() or image.stat().st_size == 0:
        raise DeviceError(f"there is no image {image}", "build it first")


def _run(command: list[str], name: str) -> tuple[str, int]:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=WRITE_SECONDS,
            env={**os.environ, **PLATFORMIO_OFFLINE},
            check=False,
        )
    except FileNotFoundError:
        raise ToolchainError(f"{command[0]} is not on PATH", f"install {name}") from None
    except subprocess.TimeoutExpired:
        raise DeviceError(f"{name} did not finish in {WRITE_SECONDS:.0f} s", HINT) from None
    return done.stdout, done.returncode


def _tail(log: str) -> str:
    return "\n".join(log.strip().splitlines()[-8:])
