"""The USB build: PlatformIO reads its environment, and its board file fits board.h. The framework needs internet."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
BOARDS = PROJECT / "firmware" / "boards"


def test_board_file_implements_board_h(tmp_path: Path) -> None:
    compiler = shutil.which("arm-none-eabi-g++")
    assert compiler, "arm-none-eabi-g++ is missing: make setup installs it"
    built = tmp_path / "board.o"
    subprocess.run(
        [
            compiler,
            "-mcpu=cortex-m4",
            "-mthumb",
            "-std=gnu++17",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-fno-exceptions",
            f"-I{BOARDS}",
            f"-I{Path(__file__).parent / 'arduino'}",
            "-c",
            BOARDS / "nano33_usb" / "board_arduino.cpp",
            "-o",
            built,
        ],
        check=True,
        timeout=60,
    )
    names = subprocess.run(["arm-none-eabi-nm", "-g", built], capture_output=True, text=True, check=True, timeout=60)
    defined = {line.split()[-1] for line in names.stdout.splitlines() if " U " not in line}
    assert {
        "board_info",
        "board_init",
        "board_read",
        "board_write",
        "board_ticks",
        "board_idle",
        "board_watchdog_feed",
        "board_reset",
        "board_reset_cause",
        "board_stack",
        "board_last_fault",
        "board_clear_fault",
    } <= defined


def test_platformio_accepts_the_environment() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "platformio", "project", "config", "-d", PROJECT, "--json-output"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    settings = dict(dict(json.loads(done.stdout))["env:nano33_usb"])
    assert settings["platform"] in ("nordicnrf52@10.11.0", ["nordicnrf52@10.11.0"])
    assert settings["board"] == "nano33ble"
