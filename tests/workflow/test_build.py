"""The command itself, as a user runs it: from recordings to a report, again from what is kept, and with mistakes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.device.client import Client, Inference
from pipeline.device.link import Link
from pipeline.export import read_tflite, write_tflite
from tests.commands import Run, called, command, refused
from tests.conftest import make_model


def build(*arguments: str | Path) -> Run:
    return called("pipeline.build", *arguments)


@pytest.fixture(scope="session")
def finished(whistles: Path, whistle_recipe: Path, workplace: Path) -> Path:
    """Output folder of one whole run on QEMU."""
    out = workplace / "whole"
    run = command(
        "pipeline.build", "--recipe", whistle_recipe, "--data", whistles, "--out", out, "--cache", workplace / "cache",
        "--no-compare",
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert "equal to the bit" in run.stdout
    assert run.stderr == ""  # no word of TensorFlow's or LiteRT's either
    return out


def test_whole_run(finished: Path):
    report = json.loads((finished / "whistles_4bit_qemu.json").read_text())
    assert report["parity"]["differing_logits"] == 0
    assert "too little" in report["tuning"]["note"]  # a few seconds of other words
    assert report["parity"]["clips"] == report["test"]["clips"] > 9
    assert [row["name"] for row in report["accuracy"]] == ["float32", "4-bit", "4-bit"]
    assert report["accuracy"][-1]["keyword"] == report["accuracy"][-2]["keyword"]  # same bits, same answers
    assert report["device"]["time_per_inference"] > sum(layer["macs"] for layer in report["layers"]) / 2
    assert report["device"]["model_flash_bytes"] > 0
    assert [row["name"] for row in report["conditions"]] == [
        "as recorded", "in noise, 10 dB", "in babble, 10 dB", "recorded at 8 kHz", "over the telephone",
    ]  # fmt: skip
    assert report["conditions"][0]["keyword"] == report["accuracy"][-1]["keyword"]
    assert report["memory"][0]["int8_bytes"] == 240 * 12 + 12 * 4 + 4 * (12 + 4)  # weights, then biases
    listening = report["listening"]
    *parts, whole = listening["parts"]
    assert [part["name"] for part in parts] == ["front end", "network", "detector", "waits for weights in flash"]
    assert listening["share"] == whole["share"] == pytest.approx(sum(part["share"] for part in parts), rel=1e-12)
    assert listening["share"] > 0.001
    assert listening["network"] / listening["steps"] == pytest.approx(report["device"]["time_per_inference"], rel=0.2)
    assert {word["word"] for word in report["words"]} == {"low", "high"}
    assert report["words"][0]["training_speakers"] == 8
    linked = {what: finished / path for what, path in report["next"]["files"]}
    assert len(linked) == 5
    assert all(path.is_file() for path in linked.values())
    assert f"--model {finished / 'whistles_4bit.tflite'}" in report["next"]["commands"][0][1]
    assert "<svg" in (finished / "whistles_4bit_qemu.html").read_text()


def test_second_run_keeps_every_stage(finished: Path, whistles: Path, whistle_recipe: Path, workplace: Path):
    before = sorted(path.name for path in finished.iterdir())
    run = build(
        "--recipe", whistle_recipe, "--data", whistles, "--out", finished, "--cache", workplace / "cache",
        "--no-compare",
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "Training" not in run.stdout
    assert sorted(path.name for path in finished.iterdir()) == before
    assert all(stage["cached"] for stage in json.loads((finished / "whistles_4bit_qemu.json").read_text())["stages"])


def test_model_file_on_another_target(finished: Path, whistles: Path, workplace: Path, tmp_path: Path):
    model = finished / "whistles_4bit.tflite"
    run = build(
        "--model", model, "--data", whistles, "--target", "host", "--out", tmp_path, "--cache", workplace / "cache"
    )
    assert run.returncode == 0, run.stdout + run.stderr
    report = json.loads((tmp_path / "whistles_4bit_host.json").read_text())
    assert report["parity"]["differing_logits"] == 0
    assert report["listening"] is None
    assert report["device"]["time_per_inference"] is None  # a PC's clock says nothing about a microcontroller


def test_a_baseline_is_another_network_on_the_same_clips(
    finished: Path, whistles: Path, whistle_recipe: Path, workplace: Path, tmp_path: Path
):
    wider = tmp_path / "wider.toml"
    text = whistle_recipe.read_text().replace('"whistles"', '"wider"').replace("hidden = [12]", "hidden = [20]")
    wider.write_text(text.replace('["low", "high"]', '["other"]').replace("[training]", "[training]\nseed = 9"))
    run = build(
        "--recipe", whistle_recipe, "--data", whistles, "--target", "host", "--baseline", wider, "--no-compare",
        "--out", finished, "--cache", workplace / "cache",
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    report = json.loads((finished / "whistles_4bit_host.json").read_text())
    (row,) = report["baselines"]
    assert (row["name"], row["runs_on"], row["training"], row["bits"]) == ("wider", "numpy", "QAT", 4)
    assert row["model_bytes"] == (240 * 20 + 20 * 4) // 2 + 8 * (20 + 4)  # codes, and parameters of each column
    assert 0 <= row["keyword"] <= 1
    assert "wider" in run.stdout
    assert "wider" in (finished / "whistles_4bit_host.html").read_text()
    assert "whistles_4bit_qemu" in (finished / "index.html").read_text()  # the other target's is still there


def test_one_other_bit_in_a_logit_is_told_and_fails_the_run(
    finished: Path, whistles: Path, workplace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    right = Client.run

    def wrong(client: Client, row: NDArray[np.int8]) -> Inference:
        found = right(client, row)
        bits = found.logits.view(np.uint32).copy()
        bits[0] ^= 1
        return replace(found, logits=bits.view(np.float32))

    monkeypatch.setattr(Client, "run", wrong)
    model = finished / "whistles_4bit.tflite"
    run = build(
        "--model", model, "--data", whistles, "--target", "host", "--out", tmp_path, "--cache", workplace / "cache"
    )
    clips = json.loads((tmp_path / "whistles_4bit_host.json").read_text())["parity"]["clips"]
    refused(run, f"{clips} logits differ between the device and the reference")
    assert json.loads((tmp_path / "whistles_4bit_host.json").read_text())["parity"]["differing_logits"] == clips


def test_several_boards_at_once_in_one_report(finished: Path, whistles: Path, workplace: Path, tmp_path: Path):
    boards = tmp_path / "map.toml"
    boards.write_text(
        '[[board]]\nname = "left"\ntarget = "host"\nemulated = true\n'
        '[[board]]\nname = "right"\ntarget = "host"\nemulated = true\n'
        '[[board]]\nname = "gone"\ntarget = "host"\nport = "/dev/ttyACM-none"\n'
    )
    model = finished / "whistles_4bit.tflite"
    run = build(
        "--model", model, "--data", whistles, "--hardware-map", boards, "--out", tmp_path / "o",
        "--cache", workplace / "cache",
    )  # fmt: skip
    refused(run, "board gone", "/dev/ttyACM-none")
    rows = {
        row["name"]: row for row in json.loads((tmp_path / "o" / "whistles_4bit_host_board.json").read_text())["boards"]
    }
    assert rows["left"]["differing_logits"] == rows["right"]["differing_logits"] == 0
    assert "no port /dev/ttyACM-none" in rows["gone"]["error"]
    assert "no port /dev/ttyACM-none" in (tmp_path / "o" / "whistles_4bit_host_board.html").read_text()


def test_start_serves_the_built_image_until_ctrl_c(finished: Path):
    command = [
        sys.executable,
        "-u",
        "-m",
        "pipeline.board",
        "start",
        "qemu",
        "--image",
        str(finished / "whistles_4bit_qemu.elf"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        port = next(line.split()[-1] for line in process.stdout if line.startswith("serial port"))
        with Link(port) as link:
            link.resynchronise()
            assert Client(link).command("NAME")
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors


def test_quantize_command_needs_no_further_training(
    finished: Path, whistles: Path, whistle_recipe: Path, workplace: Path
):
    run = build(
        "quantize", "--recipe", whistle_recipe, "--data", whistles, "--weight-bits", "2", "--out", finished,
        "--cache", workplace / "cache",
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "Training" not in run.stdout
    model = read_tflite(Path(run.stdout.split()[-1]))
    assert {layer.bits for layer in model.layers} == {2}


def test_export_command(finished: Path, tmp_path: Path):
    run = build("export", finished / "whistles_4bit.tflite", "--target", "qemu", "--out", tmp_path)
    assert run.returncode == 0, run.stderr
    assert "cortex_m4_dsp" in run.stdout
    assert "dynq_node_t nodes[2]" in (tmp_path / "kws_model.c").read_text()


def test_runner_command(finished: Path, whistles: Path, tmp_path: Path):
    command = ("runner", finished / "whistles_4bit.tflite", "--data", whistles, "--cache", tmp_path / "cache")
    run = build(*command, "--microseconds", "2300", "--out", tmp_path / "files")
    assert run.returncode == 0, run.stderr
    assert "launch.py RUNNER PORT accuracy" in run.stdout
    assert (tmp_path / "files" / "devices.yaml").is_file()
    assert (tmp_path / "files" / "launch.py").is_file()


def test_damaged_model(finished: Path, whistles: Path, tmp_path: Path):
    damaged = tmp_path / "damaged.tflite"
    data = bytearray((finished / "whistles_4bit.tflite").read_bytes())
    data[len(data) // 2] ^= 1
    damaged.write_bytes(data)
    refused(build("--model", damaged, "--data", whistles, "--out", tmp_path), "damaged.tflite")
    foreign = tmp_path / "foreign.tflite"
    foreign.write_bytes(b"\0" * 64)
    refused(build("--model", foreign, "--data", whistles, "--out", tmp_path), "foreign.tflite")
    refused(build("--model", tmp_path / "absent.tflite", "--out", tmp_path), "absent.tflite")


@pytest.mark.parametrize(
    ("toml", "expected"),
    [
        ('name = "a"\n[corpus]\nkeyword = ["low"]\n', "did you mean keywords?"),
        ('name = "a"\n[corpus]\nkeywords = ["lov"]\n', "low"),
    ],
)
def test_bad_recipes(toml: str, expected: str, whistles: Path, tmp_path: Path):
    recipe = tmp_path / "a.toml"
    recipe.write_text(toml)
    refused(build("--recipe", recipe, "--data", whistles, "--out", tmp_path / "o", "--cache", tmp_path / "c"), expected)


def test_bad_data(whistles: Path, whistle_recipe: Path, tmp_path: Path):
    place = ("--out", tmp_path / "o", "--cache", tmp_path / "c")
    empty = tmp_path / "empty"
    empty.mkdir()
    for folder in (tmp_path / "absent", empty):
        refused(build("--recipe", whistle_recipe, "--data", folder, *place), folder.name)
        refused(build("--data", folder, *place), folder.name)
    broken = tmp_path / "broken"
    shutil.copytree(whistles, broken)
    (broken / "low" / "speaker00_nohash_0.wav").write_bytes(b"RIFF")
    refused(build("--recipe", whistle_recipe, "--data", broken, *place), "speaker00_nohash_0.wav")


def test_options_that_do_not_go_together(whistles: Path, finished: Path, tmp_path: Path):
    model = finished / "whistles_4bit.tflite"
    refused(build("--model", model, "--recipe", "x", "--out", tmp_path), "--model brings its own words", status=2)
    refused(build("--recipe", "synthetic", "--data", whistles), "--test-data", status=2)
    refused(build("--data", whistles), "--keywords", "high", status=2)  # no shipped recipe has these words
    refused(command("pipeline.build", "--recipe", "nope"), "no recipe", "synthetic")  # and that is its exit status
    refused(build("--target", "nano33", "--flash"), "--port", "--usb-serial", status=2)
    refused(build("--engine", "tflm"), "--tflm-root", status=2)
    refused(build("--hardware-map", tmp_path / "absent.toml"), "absent.toml", status=2)
    refused(called("pipeline.board", "start", "nano34"), "did you mean nano33?", status=2)
    refused(called("pipeline.board", "flash", tmp_path / "absent.elf", "--probe", "any"), "absent.elf")


def test_missing_programs(
    finished: Path, whistles: Path, workplace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Neither the compiler nor QEMU on PATH: each is named, with its package."""
    model = finished / "whistles_4bit.tflite"
    arguments = ("--model", model, "--data", whistles, "--out", tmp_path / "o", "--cache", workplace / "cache")

    def path_without(program: str) -> str:
        folder = tmp_path / f"without-{program}"
        folder.mkdir()
        for entry in (
            entry for root in os.environ["PATH"].split(":") if Path(root).is_dir() for entry in os.scandir(root)
        ):
            if not entry.name.startswith(program) and not (folder / entry.name).exists():
                (folder / entry.name).symlink_to(entry.path)
        return str(folder)

    for program, missing in (("arm-none-eabi-", "arm-none-eabi-gcc"), ("qemu-system-arm", "qemu-system-arm")):
        monkeypatch.setenv("PATH", path_without(program))
        refused(build(*arguments), missing, "apt-get install")
        monkeypatch.undo()


def test_model_too_large_for_the_board(whistles: Path, workplace: Path, tmp_path: Path):
    model = make_model(8, widths=(1000, 700), labels=4, frames=30)
    large = write_tflite(replace(model, labels=("_silence_", "_unknown_", "low", "high")), tmp_path / "large.tflite")
    run = build(
        "--model", large, "--data", whistles, "--target", "nano33", "--no-compare", "--no-tune",
        "--out", tmp_path / "o", "--cache", workplace / "cache",
    )  # fmt: skip
    refused(run, "bytes too large", "nano33", "--weight-bits")


def test_ctrl_c_keeps_finished_stages(whistles: Path, whistle_recipe: Path, workplace: Path, tmp_path: Path):
    arguments = ["--recipe", whistle_recipe, "--data", whistles, "--out", tmp_path, "--cache", workplace / "cache"]
    command = [sys.executable, "-m", "pipeline.build", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 600
    while not list(tmp_path.glob("train-float-*")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert "interrupted" in errors


def test_help_teaches():
    text = command("pipeline.build", "--help").stdout
    for word in ("--target", "--weight-bits", "Examples", "--keywords"):
        assert word in text
