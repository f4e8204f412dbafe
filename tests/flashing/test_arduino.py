"""The image with USB serial: PlatformIO reads its environment, and its sources compile with the flags they get there.

PlatformIO runs on a stand-in for platform nordicnrf52 and for the Arduino core. ``ARDUINO_CORE`` may name a checkout of
ArduinoCore-mbed (with ``cores/arduino/api`` of ArduinoCore-API in it), whose own headers and flags are then used too.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.boards import board
from pipeline.export import write_c_arrays
from pipeline.firmware import PLATFORMIO_OFFLINE
from pipeline.project import PROJECT
from tests.conftest import make_model

ARDUINO = Path(__file__).parent / "arduino"
FIRMWARE = PROJECT / "firmware"
USB = board("nano33").usb
assert USB is not None
REAL_CORE = pytest.param(
    os.environ.get("ARDUINO_CORE"),
    id="real core",
    marks=pytest.mark.skipif("ARDUINO_CORE" not in os.environ, reason="ARDUINO_CORE names no ArduinoCore-mbed"),
)
Commands = dict[str, list[str]]


def platformio(core: Path, folder: Path) -> Commands:
    """What PlatformIO would run for each source of ours, by path in the project."""
    shutil.copytree(ARDUINO / "platform", folder / "pio/platforms/nordicnrf52")
    packages = folder / "pio/packages"
    (packages / "framework-arduino-mbed").mkdir(parents=True)
    shutil.copy(ARDUINO / "core" / "package.json", packages / "framework-arduino-mbed")
    for part in ("cores", "variants"):
        (packages / "framework-arduino-mbed" / part).symlink_to(core / part)
    for where, kind, name in (
        ("platforms/nordicnrf52", "platform", "nordicnrf52"),
        ("packages/framework-arduino-mbed", "tool", "framework-arduino-mbed"),
    ):
        version = "10.11.0" if kind == "platform" else "4.5.0"
        spec = {"owner": "platformio", "id": None, "name": name, "requirements": None, "uri": None}
        record = {"type": kind, "name": name, "version": version, "spec": spec}
        (folder / "pio" / where / ".piopm").write_text(json.dumps(record))
    write_c_arrays(make_model(4, widths=(33, 17)), board("nano33").core.variant, folder / "c", source_hash="0" * 64)
    # the compilation database always goes into the project's folder, which must stay as it is
    project = folder / "project"
    project.mkdir()
    shutil.copy(PROJECT / "platformio.ini", project)
    (project / "firmware").symlink_to(FIRMWARE)
    settings = {
        **os.environ,
        "PLATFORMIO_CORE_DIR": str(folder / "pio"),
        "PLATFORMIO_PLATFORMS_DIR": str(folder / "pio/platforms"),
        "PLATFORMIO_WORKSPACE_DIR": str(folder / "workspace"),
        **PLATFORMIO_OFFLINE,
        "OWN_PLATFORM": str(FIRMWARE / "platform/platform.py"),
        "KWS_MODEL_DIR": str(folder / "c"),
        "KWS_BUILD_FLAGS": r"-DKWS_BUILD_HASH=\"0123456789abcdef\" -DKWS_VERSION=\"0\"",
    }
    command = [sys.executable, "-m", "platformio", "run", "-d", str(project), "-e", USB.environment, "-t", "compiledb"]
    done = subprocess.run(command, env=settings, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads((project / "compile_commands.json").read_text())
    found = {}
    for row in rows:
        file = Path(row["directory"], row["file"])
        if file.is_relative_to(project):
            found[file.relative_to(project).as_posix()] = shlex.split(row["command"])
        elif file.is_relative_to(folder / "c"):
            found[f"c/{file.name}"] = shlex.split(row["command"])
    return found


@pytest.fixture(scope="module", params=[pytest.param(str(ARDUINO / "core"), id="stand-in"), REAL_CORE])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Commands]:
    folder = tmp_path_factory.mktemp("usb")
    return folder, platformio(Path(request.param).resolve(), folder)


def names(commands: Commands, start: str) -> set[str]:
    return {Path(file).name for file in commands if file.startswith(start)}


def test_the_sources_are_the_applications_with_one_engine(built: tuple[Path, Commands]) -> None:
    _, commands = built
    sources = {file.name for file in (FIRMWARE / "app").glob("*.c")}
    assert names(commands, "firmware/app") == sources
    assert names(commands, "firmware/boards") == {"board_arduino.cpp", "nrf_pdm.c"}
    assert names(commands, "c/") == {"kws_model.c", "kws_frontend.c"}
    assert "firmware/lib/dynq/dynq_cortex_m4_dsp_dense.S" in commands
    assert not names(commands, "firmware/lib/tflm")


def test_floats_are_those_that_the_model_is_packed_for(built: tuple[Path, Commands]) -> None:
    _, commands = built
    for file, command in commands.items():
        assert "-mfloat-abi=soft" not in command, file
        assert "-mfloat-abi=softfp" in command, file
        assert file.endswith(".S") or "-ffp-contract=off" in command, file
        assert "-Dmain=kws_main" in command or not file.startswith("firmware/app"), file
        assert not file.endswith(".cpp") or "-std=gnu++14" in command


def test_everything_compiles_and_the_kernels_are_the_packed_ones(built: tuple[Path, Commands]) -> None:
    folder, commands = built
    defined = set()
    for number, command in enumerate(commands.values()):
        command[command.index("-o") + 1] = str(folder / f"{number}.o")
        subprocess.run(command, cwd=folder / "project", check=True, timeout=120, capture_output=True)
        listed = ["arm-none-eabi-nm", "--defined-only", str(folder / f"{number}.o")]
        symbols = subprocess.run(listed, capture_output=True, text=True, check=True, timeout=60).stdout
        defined |= {line.split()[-1] for line in symbols.splitlines()}
    headers = (FIRMWARE / "boards" / name for name in ("board.h", "microphone.h"))
    asked = set(re.findall(r"\b((?:board|microphone)_[a-z_]+)\(", "".join(header.read_text() for header in headers)))
    assert len(asked) >= 16
    assert asked | {"board_info", "kws_main", "engine_invoke", "dynq_variant"} <= defined
    compiled = b"".join((folder / f"{number}.o").read_bytes() for number in range(len(commands)))
    assert board("nano33").core.variant.encode() + b"\0" in compiled
    assert b"scalar\0" not in compiled
