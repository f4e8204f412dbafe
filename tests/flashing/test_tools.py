from __future__ import annotations

import os
import subprocess
import sys
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.errors import DeviceError, ToolchainError
from pipeline.flashing import bossac, flash_swd, flash_usb, flat_image, tools
from tests.emulators.nrf52840.conftest import build_exerciser
from tests.flashing.conftest import FakeUsb, nano

FAKE = (sys.executable, str(Path(__file__).with_name("fake_bossac.py")))


class ScriptedBootloader:
    """A bootloader on a pty: takes one image per verdict."""

    def __init__(self, *verdicts: bytes) -> None:
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.device = os.ttyname(self.slave)
        self.images: list[bytes] = []
        self.thread = threading.Thread(target=self.serve, args=(verdicts,), daemon=True)
        self.thread.start()

    def serve(self, verdicts: tuple[bytes, ...]) -> None:
        for verdict in verdicts:
            header = self.take(9)
            assert header[:1] == b"W"
            self.images.append(self.take(int(header[1:], 16)))
            os.write(self.master, verdict)

    def take(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            data += os.read(self.master, count - len(data))
        return data


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "firmware.bin"
    path.write_bytes(bytes(i * 7 & 0xFF for i in range(50_000)))
    return path


@pytest.fixture
def scripted() -> Iterator[list[ScriptedBootloader]]:
    made: list[ScriptedBootloader] = []
    yield made
    for bootloader in made:
        os.close(bootloader.master)
        os.close(bootloader.slave)


def program(bootloader: ScriptedBootloader) -> tuple[str, ...]:
    return (*FAKE, str(Path(bootloader.device).parent))


def test_image_reaches_the_bootloader_whole(image: Path, scripted: list[ScriptedBootloader]) -> None:
    bootloader = ScriptedBootloader(b"OK")
    scripted.append(bootloader)
    usb = FakeUsb([nano()], becomes=nano(bootloader.device, bootloader=True))
    port = flash_usb(image, nano(), bootloader=usb.loader(), program=program(bootloader))
    assert port.device == bootloader.device
    assert bootloader.images == [image.read_bytes()]


def test_failed_upload_is_tried_again(image: Path, scripted: list[ScriptedBootloader]) -> None:
    bootloader = ScriptedBootloader(b"SAM-BA operation failed", b"OK")
    scripted.append(bootloader)
    usb = FakeUsb([nano(bootloader.device, bootloader=True)])
    flash_usb(image, nano(bootloader.device, bootloader=True), bootloader=usb.loader(), program=program(bootloader))
    assert len(bootloader.images) == 2


def test_upload_that_keeps_failing_shows_what_bossac_said(image: Path, scripted: list[ScriptedBootloader]) -> None:
    bootloader = ScriptedBootloader(b"SAM-BA operation failed", b"SAM-BA operation failed")
    scripted.append(bootloader)
    usb = FakeUsb([nano(bootloader.device, bootloader=True)])
    with pytest.raises(DeviceError, match="SAM-BA operation failed") as error:
        flash_usb(image, nano(bootloader.device, bootloader=True), bootloader=usb.loader(), program=program(bootloader))
    assert "double-tap" in error.value.hint


def test_missing_image_is_refused_before_the_board_is_touched(tmp_path: Path) -> None:
    usb = FakeUsb([nano()])
    with pytest.raises(DeviceError, match="no image"):
        flash_usb(tmp_path / "none.bin", nano(), bootloader=usb.loader())
    assert usb.touched == []


def test_missing_bossac_without_internet_is_explained(image: Path) -> None:
    boot = nano("/dev/ttyACM0", bootloader=True)
    offline = (sys.executable, "-c", "import sys; print('HTTPClientError: '); sys.exit(1)")
    with pytest.raises(ToolchainError, match="could not be fetched"):
        flash_usb(image, boot, bootloader=FakeUsb([boot]).loader(), program=offline)


@pytest.mark.slow
def test_platformio_is_asked_for_bossac(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Really: with internet bossac runs and finds no such port, without it PlatformIO cannot fetch it (a minute)."""
    boot = nano("/dev/ttyACM-none", bootloader=True)
    assert bossac()[1:3] == ("-m", "platformio")
    with pytest.raises((ToolchainError, DeviceError), match=r"could not be fetched|bossac could not write"):
        flash_usb(image, boot, bootloader=FakeUsb([boot]).loader(), attempts=1)


def test_pyocd_is_called_up_to_the_missing_probe(tmp_path: Path) -> None:
    elf = tmp_path / "firmware.elf"
    elf.write_bytes(Path(sys.executable).read_bytes()[:4096])
    with pytest.raises(DeviceError, match="no debug probe with ID NOSUCHPROBE is connected") as error:
        flash_swd(elf, "nrf52840", probe="NOSUCHPROBE")
    assert "pyocd list" in error.value.hint


def test_pyocd_gets_sector_erase_and_the_right_chip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elf = tmp_path / "firmware.elf"
    elf.write_bytes(b"x")
    seen: list[list[str]] = []

    def run(command: list[str], name: str) -> tuple[str, int]:
        seen.append(command)
        return "", 0

    monkeypatch.setattr(tools, "_run", run)
    flash_swd(elf, "nrf52840")
    command = " ".join(seen[0])
    assert "-e sector" in command
    assert "-t nrf52840" in command
    assert "chip" not in command


def test_stuck_tool_is_ended(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "WRITE_SECONDS", 0.3)
    boot = nano(bootloader=True)
    with pytest.raises(DeviceError, match="did not finish"):
        flash_usb(
            image,
            boot,
            bootloader=FakeUsb([boot]).loader(),
            program=(sys.executable, "-c", "import time; time.sleep(30)"),
        )


@pytest.fixture(scope="session")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_exerciser("nano33", tmp_path_factory.mktemp("flash"))


def test_elf_is_flattened_as_the_linker_would(elf: Path, scripted: list[ScriptedBootloader]) -> None:
    reference = elf.with_suffix(".reference")
    subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", elf, reference], check=True, timeout=60)
    assert flat_image(elf, 0x10000) == reference.read_bytes()
    bootloader = ScriptedBootloader(b"OK")
    scripted.append(bootloader)
    boot = nano(bootloader.device, bootloader=True)
    flash_usb(elf, boot, bootloader=FakeUsb([boot]).loader(), program=program(bootloader))
    assert bootloader.images == [reference.read_bytes()]


def test_image_for_another_address_is_refused_before_the_board_is_touched(tmp_path: Path) -> None:
    usb = FakeUsb([nano()])
    with pytest.raises(DeviceError, match="linked for 0x0"):
        flash_usb(build_exerciser("nrf52840dk", tmp_path), nano(), bootloader=usb.loader())
    assert usb.touched == []
    broken = tmp_path / "broken.elf"
    broken.write_bytes(b"no ELF")
    with pytest.raises(DeviceError, match="not a firmware image"):
        flash_usb(broken, nano(), bootloader=usb.loader())
