"""``python -m pipeline.listen``: every kind of source, every kind of output, and mistakes told in words."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from pipeline.emulators.nrf52840 import start
from pipeline.export import write_tflite
from pipeline.listen import main
from tests.device.test_audio import MODEL, audio, expected

PCM = audio(4)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tflite(MODEL, tmp_path_factory.mktemp("model") / "words.tflite")


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "talk.wav", PCM, 16_000)
    return tmp_path / "talk.wav"


def events(output: str) -> list[tuple[str, int]]:
    return [(row["event"], row["sample"]) for row in map(json.loads, output.splitlines())]


WANTED = [(label, sample) for label, _, sample in expected(MODEL, PCM)]


def test_json_lines_are_the_references_events(model: Path, wav: Path) -> None:
    assert len(WANTED) >= 3
    done = CliRunner().invoke(main, [str(wav), "--model", str(model), "--json"])
    assert done.exit_code == 0, done.output
    assert events(done.output) == WANTED
    first = json.loads(done.output.splitlines()[0])
    assert first["source"] == "talk.wav"
    assert first["seconds"] == WANTED[0][1] / 16_000


def test_a_device_hears_the_same(model: Path, wav: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, [str(wav), "--model", str(model), "--json", "--target", "host"])
    assert done.exit_code == 0, done.output
    assert events(done.stdout) == WANTED  # and nothing else


def test_a_boards_own_microphone_hears_the_same(
    model: Path, wav: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = [str(wav), "--model", str(model), "--target", "nano33"]
    done = CliRunner().invoke(main, [*command, "--microphone", "--json"])
    assert done.exit_code == 0, done.output
    assert events(done.stdout) == WANTED  # and nothing else
    shown = CliRunner().invoke(main, [*command, "--microphone"])
    assert re.search(r"0 samples lost; [0-9.]+ % of the core's time, .* KiB of flash, .* KiB of RAM", shown.output)
    # a board without a microphone, as a real one would be: on a port
    image = next(Path("out/listen").glob("firmware-nano33-*/*.elf"))
    with start(image) as board:
        dead = CliRunner().invoke(main, ["board", *command[1:], "--port", board.port])
    assert dead.exit_code == 1
    assert "Nano 33 BLE has none" in dead.stderr


def test_raw_samples_from_a_pipe(model: Path) -> None:
    command = [sys.executable, "-m", "pipeline.listen", "-", "--model", str(model), "--json"]
    done = subprocess.run(command, input=PCM.astype("<i2").tobytes(), capture_output=True, timeout=120, check=True)
    assert events(done.stdout.decode()) == WANTED


def test_lines_for_people_and_a_page(model: Path, wav: Path, tmp_path: Path) -> None:
    page = tmp_path / "heard.html"
    done = CliRunner().invoke(main, [str(wav), "--model", str(model), "--page", str(page)])
    assert done.exit_code == 0, done.output
    assert "talk.wav" in done.output
    assert sum(word in line for line in done.output.splitlines() for word in MODEL.keywords) == len(WANTED)
    assert page.read_text("utf-8").count('"sound":"data:audio/flac') == len(WANTED)


def test_a_threshold_for_all_words(model: Path, wav: Path) -> None:
    done = CliRunner().invoke(main, [str(wav), "--model", str(model), "--json", "--threshold", "1"])
    assert (done.exit_code, done.output) == (0, "")


def test_what_was_heard_before_a_damage_is_told(model: Path, tmp_path: Path) -> None:
    wave = PCM / 32768
    wave[-100] = np.nan
    soundfile.write(tmp_path / "a.wav", wave, 16_000, "FLOAT")
    page = tmp_path / "heard.html"
    done = CliRunner().invoke(main, [str(tmp_path / "a.wav"), "--model", str(model), "--json", "--page", str(page)])
    assert done.exit_code == 1
    rows = [line for line in done.stdout.splitlines() if line.startswith("{")]
    assert events("\n".join(rows)) == [event for event in WANTED if event[1] <= 60_000]
    assert page.is_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.wav"], "nowhere.wav"),
        (["{wav}", "--port", "/dev/null"], "--target"),
        (["{wav}", "--target", "host", "--threshold", "0.5"], "--threshold"),
        (["mic"], "microphone"),
        (["{wav}", "--microphone"], "--target"),
        (["{wav}", "--microphone", "--target", "qemu"], "qemu has no microphone"),
        (["{wav}", "--microphone", "--target", "nano33", "--port", "/dev/null"], "SOURCE is then: board"),
        (["board", "--target", "nano33"], "recording"),
        (["mic", "--target", "nano33", "--microphone"], "recording"),
        (["{wav}", "--gain", "6"], "--gain"),
        (["{wav}", "--microphone", "--target", "nano33", "--page", "x.html"], "--page"),
    ],
)
def test_mistakes_are_told_in_words(model: Path, wav: Path, arguments: list[str], said: str) -> None:
    filled = [argument.format(wav=wav) for argument in arguments]
    done = CliRunner().invoke(main, [*filled, "--model", str(model)])
    assert done.exit_code in (1, 2)
    assert said in done.output + done.stderr
    assert "Traceback" not in done.output


def test_a_model_that_is_none(wav: Path, tmp_path: Path) -> None:
    (tmp_path / "x.tflite").write_bytes(b"none")
    done = CliRunner().invoke(main, [str(wav), "--model", str(tmp_path / "x.tflite")])
    assert done.exit_code == 1
