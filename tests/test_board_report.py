"""What someone with a board sends: everything is in it, whatever does not work."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline import board
from pipeline import board_report as report_module
from pipeline.board_report import board_report
from pipeline.device.link import Link
from pipeline.emulators import nrf52840
from tests.emulators.nrf52840.test_firmware_fault import image  # noqa: F401
from tests.flashing.conftest import nano


@pytest.fixture(scope="module")
def crashed(image) -> str:  # noqa: F811
    """Report of a board that has run into a hard fault, with home where its image is."""
    with nrf52840.start(image.elf, deliver_faults=True) as chip:
        with Link(chip.port) as link:
            link.resynchronise(30)
            link.exchange(b"logits%", 30)  # without an input: an error, no fault
            link.exchange(b"db load 80%", 30)
            for _ in range(2):
                link.exchange(b"db " + b"00" * 31 + b"%", 30)
            link.exchange(b"db " + b"00" * 18 + b"%", 30)
            link.exchange(b"logits%", 30)  # restarts
        return board_report([nano("/dev/ttyACM7")], port=chip.port, image=image.elf, patience=30)


def test_it_holds_versions_ports_and_what_the_board_answers(crashed: str, image) -> None:  # noqa: F811
    sections = [line[3:].partition(":")[0] for line in crashed.splitlines() if line.startswith("== ")]
    assert [name.split(",")[0].split(" (")[0] for name in sections] == [
        "versions", "this machine", "serial ports", "the link", "image", "the step that failed",
    ]  # fmt: skip
    assert "/dev/ttyACM7 (Nano 33 BLE, serial A1B2, at 1-1.2), 2341:805a: Arduino Nano 33 BLE, nRF52840" in crashed
    assert "arm-none-eabi-gcc: arm-none-eabi-gcc" in crashed
    assert r"> build%" in crashed
    assert f"build={image.build_hash}" in crashed
    assert f"the board runs build {image.build_hash}, which is this one" in crashed
    assert r"< m-ready\r\n" in crashed


def test_another_image_than_the_board_s_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = ["< m-build-[version=0,build=0123456789abcdef,model=m]#00000000"]
    monkeypatch.setattr(report_module, "transcript", lambda *_: iter(said))
    other = tmp_path / "firmware.elf"
    other.write_bytes(b"fedcba9876543210")
    assert "the board runs build 0123456789abcdef, which is ANOTHER" in board_report([], port="p", image=other)
    other.write_bytes(b"..0123456789abcdef..")
    assert "the board runs build 0123456789abcdef, which is this one" in board_report([], port="p", image=other)


def test_it_names_the_line_of_the_last_fault(crashed: str) -> None:
    assert "address=60000000" in crashed
    assert "fault, pc: __wrap_engine_invoke (kws_wild.c:6)" in crashed


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "jo"))
    (tmp_path / "jo").mkdir()
    return tmp_path / "jo"


def test_a_report_is_written_whatever_is_missing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "usb_ports", list)
    (home / "build.log").write_text("\n".join([*map(str, range(500)), f"error in {home}/out/x.c"]))
    out = home / "sub" / "report.txt"
    options = ["--baud", "9600", "--image", str(home / "none.elf"), "--log", str(home / "build.log")]
    done = CliRunner().invoke(board.main, ["report", *options, "--out", str(out)])
    assert done.exit_code == 0, done.output
    text = out.read_text()
    assert "no board with a USB socket of its own" in text
    assert "no file ~/none.elf" in text
    assert "error in ~/out/x.c" in text
    assert str(home) not in text
    assert "\n300\n" not in text  # the last lines alone
    assert "\n301\n" in text


def test_a_port_that_cannot_be_opened_and_one_that_is_silent(home: Path, tmp_path: Path) -> None:
    assert "cannot open it" in board_report([], port=str(home / "ttyACM9"), patience=0.1)
    assert "no board with USB serial number 5F2A" in board_report([nano()], usb_serial="5F2A", patience=0.1)
    silent = board_report([], port="loop://", patience=0.1)  # everything comes back, and no answer
    assert "> fault%\n< fault%\n  after 0.1" in silent
    assert "fault, pc" not in silent
