"""One model on one board, real or emulated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.boards import board as board_of
from pipeline.device.cost import measure_listening
from pipeline.device.result import DeviceResult
from pipeline.device.runner import run_test
from pipeline.device.session import Device, open_device
from pipeline.errors import UsageError
from pipeline.firmware import FirmwareImage
from pipeline.flashing import Bootloader, find_board, flash_swd, flash_usb, usb_ports
from pipeline.flashing.hardware_map import MappedBoard
from pipeline.flashing.ports import PortLister
from pipeline.layers import QuantizedModel
from pipeline.progress import SILENT, Progress


def flash_board(
    board: MappedBoard,
    image: FirmwareImage,
    *,
    ports: PortLister = usb_ports,
    bootloader: Bootloader | None = None,
    program: Sequence[str] | None = None,
) -> str | None:
    """Writes the image to one board, through its probe if there is one, else over USB.

    Args:
        ports, bootloader, program: as in ``flash_usb``.

    Returns:
        The serial port to test on; over USB its name may have changed.

    Raises:
        UsageError: an emulated board, or one that a debug probe cannot flash.
        DeviceError, ToolchainError: see ``flash_swd`` and ``flash_usb``.
    """
    if board.emulated:
        raise UsageError(f"board {board.name} is emulated: there is nothing to flash", "leave --flash out")
    if board.probe is not None:
        chip = board_of(board.target).probe_chip
        if chip is None:
            raise UsageError(f"no debug probe flashes {board.target}", "leave --flash and --probe out")
        flash_swd(image.elf, chip, probe=board.probe)
        return board.serial_port(ports)
    usb = find_board(ports(), port=board.port, usb_serial=board.usb_serial)
    loader = bootloader or Bootloader(ports=ports)
    flash_usb(image.elf, usb, bootloader=loader, program=program)
    return loader.wait_for_program(usb).device


@contextmanager
def opened(board: MappedBoard, image: FirmwareImage, *, flash: bool = False) -> Iterator[Device]:
    """A board that runs the image: an emulator, started, or a real board, found.

    Args:
        flash: write the image to a real board first; an emulated one needs none.

    Raises:
        UsageError, ToolchainError, DeviceError: see ``flash_board`` and ``open_device``.
    """
    port = flash_board(board, image) if flash and not board.emulated else board.serial_port()
    with open_device(board.target, image, port=port, baud=board.baud) as device:
        yield device


def run_on_board(
    board: MappedBoard,
    image: FirmwareImage,
    model: QuantizedModel,
    features: NDArray[np.int8],
    *,
    flash: bool = False,
    journal: Path | None = None,
    progress: Progress = SILENT,
) -> DeviceResult:
    """Runs a test on one board, and measures what listening costs there.

    Args:
        features: int8 ``[B, K]``.
        flash: write the image first; an emulated board needs none.
        journal: in which the board's results are kept, so that a rerun goes on from there.

    Raises:
        UsageError, ToolchainError, DeviceError: see ``opened`` and ``run_test``.
    """
    with opened(board, image, flash=flash) as device:
        result = run_test(device, model, features, resume=journal, progress=progress)
        listening = measure_listening(device, model)
        # asked again: a live stream needs the deepest stack
        return replace(result, listening=listening, memory=device.client.memory())
