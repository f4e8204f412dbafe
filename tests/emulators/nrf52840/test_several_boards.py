"""One build on several boards at once, here all of them virtual."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.boards import board
from pipeline.errors import DeviceError, UsageError
from pipeline.export import write_c_arrays
from pipeline.firmware import FirmwareImage, build_firmware
from pipeline.flashing import Bootloader, UsbPort, desk
from pipeline.flashing.hardware_map import MappedBoard, on_all
from pipeline.layers import logits
from tests.conftest import make_model
from tests.flashing.conftest import FakeUsb, nano

MODEL = make_model(4)
ROWS = np.random.default_rng(5).integers(-127, 128, (12, MODEL.inputs), dtype=np.int8)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> FirmwareImage:
    folder = tmp_path_factory.mktemp("nano33")
    write_c_arrays(MODEL, board("nano33").core.variant, folder / "c", source_hash="0" * 64)
    return build_firmware("nano33", folder / "c", folder)


def test_boards_agree_to_the_bit_and_a_missing_one_is_named(image: FirmwareImage) -> None:
    boards = [
        MappedBoard(name="left", emulated=True),
        MappedBoard(name="right", emulated=True),
        MappedBoard(name="gone", port="/dev/ttyACM-none"),
    ]
    left, right, gone = on_all(boards, lambda mapped: desk.run_on_board(mapped, image, MODEL, ROWS))
    assert left.result is not None
    assert right.result is not None
    for result in (left.result, right.result):
        assert result.differing_logits(logits(MODEL, ROWS)) == 0
    assert left.result.times.tolist() == right.result.times.tolist()  # instructions, the same in every run
    assert left.result.time_per_inference > 2000
    assert left.result.unit == "instructions"
    assert gone.result is None
    assert gone.error is not None
    assert "no port /dev/ttyACM-none" in gone.error.message


def test_rerun_takes_over_the_journal(image: FirmwareImage, tmp_path: Path) -> None:
    mapped, journal = MappedBoard(name="left", emulated=True), tmp_path / "journal"
    desk.run_on_board(mapped, image, MODEL, ROWS, journal=journal)
    assert desk.run_on_board(mapped, image, MODEL, ROWS, journal=journal).resumed == len(ROWS)


def test_board_that_is_not_plugged_in_cannot_be_flashed(image: FirmwareImage) -> None:
    with pytest.raises(DeviceError, match="/dev/ttyUSB0"):
        desk.flash_board(MappedBoard(name="left", port="/dev/ttyUSB0"), image)


def test_flashing_gives_the_port_that_the_board_comes_back_on(image: FirmwareImage) -> None:
    usb = FakeUsb([nano("/dev/ttyACM0")], becomes=nano("/dev/ttyACM1", bootloader=True))

    def as_time_goes_by() -> list[UsbPort]:
        return [nano("/dev/ttyACM2")] if usb.now > 3 else usb.ports()  # the upload ends after three seconds

    loader = Bootloader(ports=as_time_goes_by, touch=usb.touch, sleep=usb.sleep, now=lambda: usb.now)
    board = MappedBoard(name="left", port="/dev/ttyACM0")
    upload = (sys.executable, "-c", "pass")
    assert desk.flash_board(board, image, ports=usb.ports, bootloader=loader, program=upload) == "/dev/ttyACM2"
    assert usb.touched == ["/dev/ttyACM0"]


def test_port_that_is_not_the_boards_own_cannot_flash_it(image: FirmwareImage) -> None:
    with pytest.raises(UsageError, match="cannot be flashed"):
        desk.flash_board(MappedBoard(name="left", port="/dev/ttyUSB0"), image, ports=lambda: [UsbPort("/dev/ttyUSB0")])
    with pytest.raises(UsageError, match="emulated"):
        desk.flash_board(MappedBoard(name="left", emulated=True), image)
