"""``python -m pipeline.tune``: a model file in, the same weights with other thresholds out, and mistakes in words."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

from pipeline.export import read_tflite, write_tflite
from pipeline.layers import logits
from pipeline.tune import main
from pipeline.tuning import process
from tests.device.test_audio import MODEL

WORDS = (*MODEL.keywords, "other")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_tflite(MODEL, tmp_path / "words.tflite")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four clips of every word in every split."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(5)
    lists: dict[str, list[str]] = {"validation": [], "testing": [], "training": []}
    for number, word in enumerate(WORDS):
        (folder / word).mkdir()
        for i in range(12):
            clip = rng.normal(0, 0.001, 24_000)
            clip[8000:16_000] += 0.2 * np.sin(np.arange(8000) * (0.1 + 0.2 * number)) * rng.uniform(0.3, 1)
            soundfile.write(folder / word / f"{i}.wav", clip, 16_000)
            list(lists.values())[i // 4].append(f"{word}/{i}.wav")
    for name in ("validation", "testing"):
        (folder / f"{name}_list.txt").write_text("\n".join(lists[name]), "utf-8")
    return folder


def run(tmp_path: Path, *arguments: object) -> Result:
    common = ["--hours", "0", "--cache", tmp_path / "cache", "--results", tmp_path / "results"]
    return CliRunner().invoke(main, list(map(str, [*arguments, *common])))


def test_thresholds_are_written_and_weights_stay(model: Path, data: Path, tmp_path: Path) -> None:
    before = model.read_bytes()
    done = run(tmp_path, "--model", model, "--data", data, "--out", tmp_path / "tuned.tflite")
    assert done.exit_code == 0, done.output
    assert model.read_bytes() == before
    tuned = read_tflite(tmp_path / "tuned.tflite")
    found = json.loads((tmp_path / "results" / "tuning.json").read_text("utf-8"))
    assert tuned.detector.thresholds == tuple(found["thresholds"][word] for word in MODEL.keywords)
    assert tuned.detector.smoothing_frames == found["smoothing_frames"]
    assert tuned.detector != MODEL.detector
    rows = np.random.default_rng(1).integers(-128, 128, (20, MODEL.inputs)).astype(np.int8)
    assert np.array_equal(logits(tuned, rows), logits(replace(MODEL), rows))
    assert found["validation_false_accepts"] <= 0.5 * found["validation_hours"]
    assert found["validation_upper"] == pytest.approx(-math.log(0.05) / found["validation_hours"], rel=1e-3)
    assert [row["kind"] for row in found["false_accepts"]] == ["other words", "all"]
    assert [row["said"] for row in found["misses"]] == [12] * 4
    rates = [point["false_accepts_per_hour"] for point in found["curve"]]
    assert rates[0] > rates[-1]
    assert (tmp_path / "results" / "det.png").read_bytes().startswith(b"\x89PNG")
    assert "too little" in done.output  # 12 s cannot show 0.5 per hour


def test_the_choice_sees_the_validation_split_alone(
    model: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []
    make_material, choose = process.make_material, process.choose

    def noting(corpus, split, *rest):
        happened.append(split)
        return make_material(corpus, split, *rest)

    def choosing(*arguments, **named):
        happened.append("choice")
        return choose(*arguments, **named)

    monkeypatch.setattr(process, "make_material", noting)
    monkeypatch.setattr(process, "choose", choosing)
    done = run(tmp_path, "--model", model, "--data", data, "--out", tmp_path / "tuned.tflite")
    assert done.exit_code == 0, done.output
    assert happened == ["validation", "choice", "testing"]


def test_in_place(model: Path, data: Path, tmp_path: Path) -> None:
    done = run(tmp_path, "--model", model, "--data", data)
    assert done.exit_code == 0, done.output
    assert len(read_tflite(model).detector.thresholds) == 3


def test_mistakes_are_told_in_words(model: Path, data: Path, tmp_path: Path) -> None:
    (tmp_path / "none.tflite").write_bytes(b"none")
    (tmp_path / "empty").mkdir()
    before = model.read_bytes()
    for arguments, said in (
        (["--model", tmp_path / "none.tflite", "--data", data], "none.tflite"),
        (["--model", model, "--data", tmp_path / "nowhere"], "nowhere"),
        (["--model", model, "--data", data, "--negatives", tmp_path / "empty"], "no recordings for validation"),
        (["--model", model, "--data", data, "--budget", "0"], "--budget"),
    ):
        done = run(tmp_path, *arguments)
        assert done.exit_code in (1, 2)
        assert said in done.output + done.stderr
        assert "Traceback" not in done.output + done.stderr
    assert model.read_bytes() == before
