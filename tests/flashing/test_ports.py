from __future__ import annotations

import pytest
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from pipeline.errors import DeviceError
from pipeline.flashing import UsbPort, find_board, usb_ports
from tests.flashing.conftest import nano


def test_ports_of_the_system_carry_their_socket_without_the_interface(monkeypatch: pytest.MonkeyPatch) -> None:
    info = ListPortInfo("/dev/ttyACM7", skip_link_detection=True)
    info.vid, info.pid, info.serial_number, info.location, info.product = 0x2341, 0x805A, "AB", "3-1.4:1.0", "Nano"
    plain = ListPortInfo("/dev/ttyS0", skip_link_detection=True)
    monkeypatch.setattr(list_ports, "comports", lambda: [info, plain])
    assert usb_ports() == [UsbPort("/dev/ttyACM7", (0x2341, 0x805A), "AB", "3-1.4", "Nano"), UsbPort("/dev/ttyS0")]


def test_only_board_is_found_without_a_name() -> None:
    assert find_board([UsbPort("/dev/ttyS0"), nano()]) == nano()


def test_board_is_found_by_serial_number_and_by_port() -> None:
    boards = [nano("/dev/ttyACM0", serial="A1"), nano("/dev/ttyACM1", serial="B2", location="1-1.3")]
    assert find_board(boards, usb_serial="b2").device == "/dev/ttyACM1"
    assert find_board(boards, port="/dev/ttyACM0").serial == "A1"


def test_two_boards_need_a_name() -> None:
    with pytest.raises(DeviceError, match=r"2 boards match.*A1.*B2"):
        find_board([nano(serial="A1"), nano("/dev/ttyACM1", serial="B2")])


def test_missing_board_lists_what_there_is() -> None:
    with pytest.raises(DeviceError, match=r"no board with a USB socket .*Nano 33 BLE.*; ports: /dev/ttyS0") as error:
        find_board([UsbPort("/dev/ttyS0")])
    assert "cable" in error.value.hint
    with pytest.raises(DeviceError, match="ports: none"):
        find_board([], usb_serial="X")


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (nano("a", location="1-1", serial="X"), nano("b", location="1-1", serial=None), True),
        (nano("a", location="1-1", serial="X"), nano("b", location="1-2", serial="X"), False),
        (nano("a", location=None, serial="X"), nano("b", location="1-2", serial="X"), True),
        (nano("a", location=None, serial=None), nano("b", location=None, serial=None), False),
    ],
)
def test_same_board_is_the_same_socket(left: UsbPort, right: UsbPort, same: bool) -> None:
    assert left.same_board(right) is same
