"""``python -m pipeline.board flash``: what it says of a board that was written."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline import board
from tests.flashing.conftest import FakeUsb, nano


@pytest.fixture
def flashed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Flashes a file to a board that comes back after that many seconds; the output and exit status."""

    def flash(comes_back: float) -> tuple[str, int]:
        usb = FakeUsb([nano()], arriving=[(comes_back, nano("/dev/ttyACM4"))])
        monkeypatch.setattr(board, "usb_ports", usb.ports)

        def write(image: Path, port: object) -> None:
            usb.present.clear()

        monkeypatch.setattr(board, "flash_usb", write)
        monkeypatch.setattr(board, "Bootloader", usb.loader)
        done = CliRunner().invoke(board.main, ["flash", str(tmp_path / "firmware.bin")])
        return done.output, done.exit_code

    return flash


def test_the_new_port_is_told(flashed) -> None:
    output, status = flashed(2.0)
    assert "it is on /dev/ttyACM4 now" in output
    assert status == 0


def test_an_image_without_usb_serial_is_no_failure(flashed) -> None:
    output, status = flashed(60.0)
    assert "flashed /dev/ttyACM0" in output
    assert "no USB serial port came back" in output
    assert status == 0
