from __future__ import annotations

import threading
from pathlib import Path

import pytest

from pipeline.errors import DeviceError, UsageError
from pipeline.flashing.hardware_map import MappedBoard, load_hardware_map, on_all
from tests.flashing.conftest import nano

TWO = """
[[board]]
name = "left"
usb_serial = "A1B2"

[[board]]
name = "right"
port = "/dev/ttyUSB0"
probe = "6821"
baud = 1000000
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "boards.toml"
    path.write_text(text)
    return path


def test_map_is_read(tmp_path: Path) -> None:
    left, right = load_hardware_map(written(tmp_path, TWO))
    assert (left.name, left.target, left.usb_serial, left.baud) == ("left", "nano33", "A1B2", 115_200)
    assert (right.port, right.probe, right.baud) == ("/dev/ttyUSB0", "6821", 1_000_000)


def test_serial_number_is_found_wherever_it_is_plugged_in(tmp_path: Path) -> None:
    left, right = load_hardware_map(written(tmp_path, TWO))
    assert left.serial_port(lambda: [nano("/dev/ttyACM9")]) == "/dev/ttyACM9"
    assert right.serial_port(list) == "/dev/ttyUSB0"
    with pytest.raises(DeviceError, match="USB serial number A1B2"):
        left.serial_port(list)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "board: Field required", "docs/nano33.md"),
        ("[[board]]\nname = 'a'\n", "exactly one of port", ""),
        ("[[board]]\nname = 'a'\nport = 'x'\nemulated = true\n", "exactly one of port", ""),
        ("[[board]]\nname = 'a'\nprot = 'x'\n", "unknown key board.0.prot", "did you mean port?"),
        ("[[board]]\nname = 'a'\nport = 'x'\ntarget = 'nano34'\n", "target nano34 is none of", ""),
        ("[[board]]\nname = 'a'\nport = 'x'\n[[board]]\nname = 'a'\nport = 'y'\n", "same name", ""),
        ("[[board]]\nname = 'a'\nport = 'x'\n[[board]]\nname = 'b'\nport = 'x'\n", "same port", ""),
        ("[[board]\n", "not a readable TOML", ""),
    ],
)
def test_bad_map_is_refused(tmp_path: Path, text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as error:
        load_hardware_map(written(tmp_path, text))
    assert message in error.value.message
    assert hint in error.value.hint


def test_missing_map_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no hardware map"):
        load_hardware_map(tmp_path / "none.toml")


def test_boards_work_at_once_and_one_failure_stops_no_other() -> None:
    boards = [MappedBoard(name=f"b{i}", emulated=True) for i in range(4)]
    together = threading.Barrier(4, timeout=10)

    def work(board: MappedBoard) -> str:
        together.wait()
        if board.name == "b2":
            raise DeviceError("no answer")
        return board.name.upper()

    outcomes = on_all(boards, work)
    assert [outcome.result for outcome in outcomes] == ["B0", "B1", None, "B3"]
    assert str(outcomes[2].error) == "no answer"
