"""What someone with a board sends when a step fails: one text file, to be read before it is sent."""

from __future__ import annotations

import datetime
import importlib.metadata
import platform
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import serial

from pipeline import __version__
from pipeline.device.link import READY
from pipeline.doctor import examine
from pipeline.emulators.nrf52840.symbols import Image
from pipeline.errors import DeviceError
from pipeline.files import sha256_file
from pipeline.flashing.ports import UsbPort, find_board
from pipeline.protocol.declared import BAUD
from pipeline.protocol.registry import registry

ASKED = ("NAME", "PROFILE", "BUILD", "TIMESTAMP", "MEMORY", "FAULT", "HELP")
"""The commands of the transcript: they change nothing on the board."""
LOG_LINES = 200
_PATIENCE_SECONDS = 2.0
_FAULT = re.compile(r"m-fault-\[count=\d+,pc=(?P<pc>[0-9a-f]{8}),lr=(?P<lr>[0-9a-f]{8})")
_BUILD = re.compile(r"m-build-\[.*?,build=(\w+),")


def board_report(
    ports: list[UsbPort],
    *,
    port: str | None = None,
    usb_serial: str | None = None,
    baud: int = BAUD,
    image: Path | None = None,
    log: Path | None = None,
    patience: float = _PATIENCE_SECONDS,
) -> str:
    """Looks at this machine and at a board, and writes down what it finds; what cannot be found says why.

    Args:
        ports: the serial ports of this machine.
        port, usb_serial: the board's; without either, that of the only board there is.
        image: the ELF that should be on it.
        log: what the step that failed has printed.
        patience: seconds that an answer may take.
    """
    try:
        port = port or find_board(ports, usb_serial=usb_serial).device
        heard = list(transcript(port, baud, patience))
    except DeviceError as error:
        heard = [error.message]
    sections: dict[str, Callable[[], Iterator[str]]] = {
        "versions": _versions,
        "this machine (doctor)": _doctor,
        "serial ports": lambda: _ports(ports),
        f"the link: {port or 'no port'}, {baud} baud": lambda: iter(heard),
        "image": lambda: _image(image, "\n".join(heard)),
        f"the step that failed, its last {LOG_LINES} lines": lambda: _log(log),
    }
    lines = ["What did you do, and what did you see? Please write it here:", "", ""]
    for title, section in sections.items():
        lines += [f"== {title}", *section(), ""]
    return "\n".join(lines).replace(str(Path.home()), "~")


def transcript(port: str, baud: int, patience: float) -> Iterator[str]:
    """What a board says by itself and when asked, byte for byte; ``>`` is what was sent, ``<`` what came."""
    try:
        line = serial.serial_for_url(
            port, baudrate=baud, timeout=0.05, write_timeout=patience, exclusive=None if "://" in port else True
        )
    except (serial.SerialException, OSError, ValueError) as error:
        yield f"cannot open it: {error}"
        return
    end = f"{READY}\r\n".encode()
    commands = [registry().command(name).syntax for name in ASKED]
    with line:
        for sent in (b"", b"%", *(f"{command}%".encode() for command in commands)):
            started = time.monotonic()
            came = b""
            try:
                line.write(sent)
                while not came.endswith(end) and time.monotonic() - started < patience:
                    came += line.read(4096)
            except (serial.SerialException, OSError) as error:
                yield f"the port is gone: {error}"
                return
            yield f"> {_shown(sent) or '(nothing)'}"
            yield from (f"< {_shown(piece)}" for piece in came.splitlines(keepends=True))
            yield f"  after {time.monotonic() - started:.2f} s"


def _shown(data: bytes) -> str:
    return repr(data)[2:-1]


def _versions() -> Iterator[str]:
    yield f"dynq {__version__}, {datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC"
    yield f"{platform.platform()}, pyserial {importlib.metadata.version('pyserial')}"


def _doctor() -> Iterator[str]:
    for check in examine():
        yield f"{'ok     ' if check.ok else 'MISSING'} {check.name}: {check.found}"


def _ports(ports: list[UsbPort]) -> Iterator[str]:
    for port in ports:
        ids = "no USB" if port.usb is None else f"{port.usb[0]:04x}:{port.usb[1]:04x}"
        board = port.board.title if port.board else "no board that is known"
        state = ", in its bootloader" if port.is_bootloader else ""
        yield f"{port}, {ids}: {board}{state}"
    if not ports:
        yield "none"


def _image(image: Path | None, heard: str) -> Iterator[str]:
    """The file, whether the board runs it, and where in its sources the last fault was."""
    if image is None or not image.is_file():
        yield "not named" if image is None else f"no file {image}"
        return
    yield f"{image.name}, {image.stat().st_size} bytes, SHA-256 {sha256_file(image)}"
    build = _BUILD.search(heard)
    if build:
        runs = build[1].encode() in image.read_bytes()
        yield f"the board runs build {build[1]}, which is {'this one' if runs else 'ANOTHER than this'}"
    fault = _FAULT.search(heard)
    if fault:
        try:
            elf = Image(image)
        except DeviceError as error:
            yield error.message
            return
        yield from (f"fault, {name}: {elf.describe(int(value, 16))}" for name, value in fault.groupdict().items())


def _log(log: Path | None) -> Iterator[str]:
    if log is None:
        yield "not named"
        return
    try:
        yield from log.read_text("utf-8", "replace").splitlines()[-LOG_LINES:]
    except OSError as error:
        yield f"cannot read {log}: {error.strerror}"
