from __future__ import annotations

import fcntl
import os
import termios
import tty

import pytest
import serial

from pipeline.errors import DeviceError
from pipeline.flashing import touch
from tests.flashing.conftest import FakeUsb, nano


def test_running_board_is_touched_and_its_bootloader_found_under_a_new_name() -> None:
    usb = FakeUsb([nano()], becomes=nano("/dev/ttyACM3", serial="BOOT", bootloader=True))
    assert usb.loader().enter(nano()).device == "/dev/ttyACM3"
    assert usb.touched == ["/dev/ttyACM0"]


def test_bootloader_that_runs_already_is_not_touched() -> None:
    boot = nano("/dev/ttyACM1", bootloader=True)
    usb = FakeUsb([boot])
    assert usb.loader().enter(boot) == boot
    assert usb.touched == []


def test_another_board_in_its_bootloader_is_left_alone() -> None:
    usb = FakeUsb(
        [nano(), nano("/dev/ttyACM5", location="2-2", serial="OTHER", bootloader=True)],
        becomes=nano("/dev/ttyACM1", bootloader=True),
    )
    assert usb.loader().enter(nano()).device == "/dev/ttyACM1"


def test_board_that_ignores_the_first_touch_is_touched_again() -> None:
    usb = FakeUsb([nano()], becomes=nano("/dev/ttyACM1", bootloader=True), deaf_touches=1)
    assert usb.loader().enter(nano()).device == "/dev/ttyACM1"
    assert len(usb.touched) == 2


def test_port_that_flickers_is_not_taken() -> None:
    boot, moved = nano("/dev/ttyACM1", bootloader=True), nano("/dev/ttyACM2", bootloader=True)
    usb = FakeUsb([nano()], becomes=boot)
    original = usb.ports

    def flickering() -> list:
        ports = original()
        return [moved if port == boot and usb.now > 1.8 else port for port in ports]

    usb.ports = flickering  # type: ignore[method-assign]
    assert usb.loader().enter(nano()) == moved


def test_board_that_never_comes_gives_the_three_remedies_in_time() -> None:
    usb = FakeUsb([nano()], becomes=None)
    with pytest.raises(DeviceError, match="did not appear in 3 attempts") as error:
        usb.loader().enter(nano())
    assert all(word in error.value.hint for word in ("double-tap", "dialout", "cable"))
    assert usb.now < 3 * 8.5


def test_program_is_found_after_flashing_and_its_absence_reported() -> None:
    usb = FakeUsb([], arriving=[(2.0, nano("/dev/ttyACM4"))])
    assert usb.loader().wait_for_program(nano()).device == "/dev/ttyACM4"
    with pytest.raises(DeviceError, match="was flashed, but"):
        FakeUsb([]).loader().wait_for_program(nano())


def test_touch_sets_1200_baud_and_drops_dtr(monkeypatch: pytest.MonkeyPatch) -> None:
    master, slave = os.openpty()
    lines: list[bool] = []
    # a pty has no modem lines: what would be set on a port that has some
    monkeypatch.setattr(serial.Serial, "_update_dtr_state", lambda port: lines.append(port.dtr))
    try:
        tty.setraw(slave)
        touch(os.ttyname(slave))
        assert termios.tcgetattr(slave)[4] == termios.B1200
        assert lines == [False]
    finally:
        os.close(master)
        os.close(slave)


def test_touch_of_a_held_port_says_so() -> None:
    master, slave = os.openpty()
    try:
        fcntl.flock(slave, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with pytest.raises(DeviceError, match="another program holds"):
            touch(os.ttyname(slave))
    finally:
        os.close(master)
        os.close(slave)


def test_touch_of_a_port_that_just_went_is_no_error() -> None:
    touch("/dev/ttyACM-none")
