"""One model on all boards of a hardware map at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.boards import board as board_of
from pipeline.device.runner import DeviceResult, run_test
from pipeline.device.session import open_device
from pipeline.errors import UsageError
from pipeline.firmware import FirmwareImage
from pipeline.flashing import Bootloader, find_board, flash_swd, flash_usb, usb_ports
from pipeline.flashing.hardware_map import BoardOutcome, MappedBoard, on_all
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


def run_on_boards(
    boards: Sequence[MappedBoard],
    images: Mapping[str, FirmwareImage],
    model: QuantizedModel,
    features: NDArray[np.int8],
    *,
    flash: bool = False,
    journals: Path | None = None,
    progress: Progress = SILENT,
) -> tuple[BoardOutcome[DeviceResult], ...]:
    """Runs the same test on every board in parallel.

    Args:
        images: by target.
        features: int8 ``[B, K]``.
        flash: write the image first; emulated boards need none.
        journals: folder in which each board keeps its results, so that a rerun goes on from there.

    Returns:
        For each board its result, or the error that stopped it; one board's failure stops no other.

    Raises:
        UsageError: a board's target has no image.
    """
    missing = {board.target for board in boards} - set(images)
    if missing:
        raise UsageError(f"no image for target {', '.join(sorted(missing))}", "build it first")

    def work(board: MappedBoard) -> DeviceResult:
        image = images[board.target]
        port = flash_board(board, image) if flash and not board.emulated else board.serial_port()
        journal = journals / f"{board.name}.journal" if journals is not None else None
        with open_device(board.target, image, port=port, baud=board.baud) as device:
            return run_test(device, model, features, resume=journal, progress=progress)

    return on_all(boards, work)
