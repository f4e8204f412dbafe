"""Options become values, and a run has its output folder to itself."""

from __future__ import annotations

import dataclasses
import io
import subprocess
import sys
import types
from pathlib import Path

import click
import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from rich.console import Console

from pipeline.errors import DeviceError, ToolchainError, UsageError
from pipeline.files import locked
from pipeline.options import BoardOptions, DataOptions, bits_option, board_options, data_options
from pipeline.progress import SILENT


def test_a_command_gets_its_options_as_values(tmp_path: Path) -> None:
    found = []

    @click.command()
    @data_options
    @board_options
    @bits_option
    def command(options: DataOptions, boards: BoardOptions, bits: int) -> None:
        found.append((options, boards, bits))

    arguments = ["--data", str(tmp_path), "--keywords", "on,off", "--target", "nano33", "--flash", "--weight-bits", "2"]
    assert CliRunner().invoke(command, arguments).exit_code == 0
    assert CliRunner().invoke(command, []).exit_code == 0
    assert found == [
        (
            DataOptions(None, "on,off", tmp_path, None, None, None, Path("out/cache")),
            BoardOptions("nano33", flash=True),
            2,
        ),
        (DataOptions(None, None, None, None, None, None, Path("out/cache")), BoardOptions("qemu"), 4),
    ]
    assert CliRunner().invoke(command, ["--weight-bits", "3"]).exit_code == 2


def test_boards_that_the_options_name() -> None:
    (emulated,) = BoardOptions("qemu").aim().boards
    assert (emulated.target, emulated.emulated) == ("qemu", True)
    (real,) = BoardOptions("nano33", port="/dev/ttyACM0").aim().boards
    assert (real.port, real.emulated) == ("/dev/ttyACM0", False)
    with pytest.raises(UsageError, match="both name the board"):
        BoardOptions("nano33", port="/dev/ttyACM0", usb_serial="1").aim()
    with pytest.raises(UsageError, match="needs to know the board"):
        BoardOptions("nano33", flash=True).aim()


def test_what_would_stop_a_run_is_found_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    BoardOptions("qemu").aim().check()
    with pytest.raises(DeviceError, match="no board with USB serial number XYZ"):
        BoardOptions("nano33", usb_serial="XYZ").aim().check()
    with pytest.raises(DeviceError, match="there is no port /dev/ttyACM-none"):
        BoardOptions("nano33", port="/dev/ttyACM-none").aim().check()
    BoardOptions("nano33", port="socket://127.0.0.1:9").aim().check()
    with pytest.raises(ToolchainError, match="no TensorFlow Lite Micro headers"):
        BoardOptions("qemu").aim(tmp_path / "nowhere").check()
    boards = tmp_path / "map.toml"
    gone = '[[board]]\nname = "gone"\ntarget = "host"\nport = "/dev/ttyACM-none"\n'
    boards.write_text(gone)
    with pytest.raises(DeviceError, match="ttyACM-none"):
        BoardOptions("host", hardware_map=boards).aim().check()
    boards.write_text(gone + '[[board]]\nname = "here"\ntarget = "host"\nemulated = true\n')
    BoardOptions("host", hardware_map=boards).aim().check()  # one is enough to go on with
    monkeypatch.setenv("PATH", "/nonexistent")
    for target, program in (("qemu", "arm-none-eabi-gcc"), ("host", "gcc")):
        with pytest.raises(ToolchainError, match=program):
            BoardOptions(target).aim().check()
    monkeypatch.setattr("pipeline.workflow.device.toolchain", lambda chosen: "")
    with pytest.raises(ToolchainError, match="qemu-system-arm"):
        BoardOptions("qemu").aim().check()


def test_words_that_nothing_names_are_asked_for_on_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for word, people in (("amelia", "ab"), ("athena", "abc")):
        (tmp_path / word).mkdir()
        for name in people:
            soundfile.write(tmp_path / word / f"{name}_nohash_0.wav", np.ones(16_000, np.int16), 16_000)
    options = DataOptions(None, None, tmp_path, None, None, None, Path("cache"))
    with pytest.raises(UsageError, match="no shipped recipe fits"):
        options.load(SILENT)
    shown = Console(file=io.StringIO(), force_terminal=True, width=80)
    monkeypatch.setattr(shown, "input", lambda prompt: "Athena")
    monkeypatch.setattr("pipeline.options.console", shown)
    monkeypatch.setattr("sys.stdin", types.SimpleNamespace(isatty=lambda: True))
    assert options.load(SILENT).recipe.corpus.keywords == ("athena",)
    assert [line.split() for line in shown.file.getvalue().splitlines() if " 3 " in line] == [["athena", "3", "3"]]
    with pytest.raises(UsageError, match="no shipped recipe fits"):
        dataclasses.replace(options, yes=True).load(SILENT)


def test_a_second_run_in_the_same_folder_waits_and_says_so(tmp_path: Path) -> None:
    recipe = tmp_path / "a.toml"
    recipe.write_text('name = "a"\n[corpus]\nkeywords = ["on"]\n')
    command = [sys.executable, "-u", "-m", "pipeline.build", "train", "--recipe", recipe, "--data", tmp_path / "absent"]
    with locked(tmp_path / "out"):
        run = subprocess.Popen(
            [*map(str, command), "--out", str(tmp_path / "out"), "--cache", str(tmp_path / "cache")],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert run.stdout is not None
        said = run.stdout.readline()
        assert "waiting" in said
        assert str(tmp_path / "out") in said
        assert run.poll() is None
    _, errors = run.communicate(timeout=120)
    assert "absent" in errors  # let in, it finds out what is wrong with its options
    assert run.returncode == 1
