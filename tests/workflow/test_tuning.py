"""The tuning stage: thresholds in every model file of a run, or a reason why they stay as they were."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.export import read_tflite, write_tflite
from pipeline.layers import logits
from pipeline.progress import SILENT
from pipeline.recipe import load_recipe
from pipeline.report.listening import FLOAT_BITS
from pipeline.stages import StageResult, Stages
from pipeline.tuning.rates import most_events
from pipeline.workflow.data import Data
from pipeline.workflow.models import ModelFile, ModelResult
from pipeline.workflow.quantize import REFERENCE_GRAPH
from pipeline.workflow.tensorflow import load_tensorflow
from pipeline.workflow.tuning import tune_models
from tests.conftest import make_model

LABELS = ("_silence_", "_unknown_", "low", "high")


@pytest.fixture(scope="module")
def hum(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A quarter of an hour for validation and two minutes for test in which nobody says anything."""
    folder = tmp_path_factory.mktemp("hum")
    rng = np.random.default_rng(3)
    for name, minutes in (("validation", 16), ("testing", 2)):
        swelling = np.repeat(10 ** rng.uniform(-3, -0.5, minutes * 600), 1600)
        soundfile.write(folder / f"{name}.wav", swelling * rng.uniform(-1, 1, len(swelling)), 16_000)
    (folder / "metadata.csv").write_text("file,split\nvalidation.wav,validation\ntesting.wav,testing\n")
    return folder


@pytest.fixture(scope="module")
def twin(whistle_recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> StageResult:
    """Where a random float network lies."""
    load_tensorflow()
    from pipeline.training.zoo import build_model

    folder = tmp_path_factory.mktemp("train-float")
    build_model(load_recipe(whistle_recipe), None).save(folder / "model.keras")
    return StageResult("train-float", folder, "of the float twin", False, 0.0)


@pytest.fixture
def models(twin: StageResult, tmp_path: Path) -> tuple[ModelResult, ...]:
    """A float twin, and random models of a run at two widths, one of which has most of its weights in others."""
    nothing = np.zeros((0, 4), np.float32)
    results = [ModelResult(None, FLOAT_BITS, "float", nothing, nothing, twin)]
    for bits in (8, 4):
        model = replace(make_model(4, widths=(12,), labels=4, seed=bits), labels=LABELS)
        file = ModelFile.read(write_tflite(model, tmp_path / f"{bits}.tflite"))
        results.append(ModelResult(file, bits, "QAT", nothing, nothing))
    return tuple(results)


def data(recipe: Path, folder: Path, tmp_path: Path, negatives: Path | None) -> Data:
    return Data(load_recipe(recipe), folder, None, tmp_path / "cache", SILENT, negatives)


def test_every_width_gets_thresholds(
    models: tuple[ModelResult, ...], hum: Path, whistles: Path, whistle_recipe: Path, tmp_path: Path
) -> None:
    stages = Stages(tmp_path)
    tuned, found = tune_models(models, 4, data(whistle_recipe, whistles, tmp_path, hum), stages)
    assert [one.weights for one in found.models] == ["4-bit", "float32", "8-bit"]  # the device's first
    assert [len(one.against_float) for one in found.models] == [4, 0, 4]
    assert [stream.kind for stream in found.models[0].against_float] == [one.kind for one in found.models[1].misses]
    assert tuned[0] is models[0]
    for before, after in zip(models[1:], tuned[1:], strict=True):
        assert before.file is not None
        assert after.file is not None
        model = after.file.model
        row = next(one for one in found.models if one.bits == after.bits)
        assert model.detector.thresholds == tuple(row.thresholds.values())
        assert tuple(row.thresholds) == ("low", "high")
        assert row.validation_false_accepts <= most_events(row.validation_hours, 0.5)
        assert row.validation_hours > 0.25
        assert [one.kind for one in row.false_accepts] == ["other words", f"recordings in {hum.name}", "all"]
        assert after.logits is before.logits
        rows = np.random.default_rng(1).integers(-128, 128, (5, model.inputs)).astype(np.int8)
        assert np.array_equal(logits(model, rows), logits(before.file.model, rows))
        assert after.file.path.with_name(REFERENCE_GRAPH).is_file()
    _, same = tune_models(models, 4, data(whistle_recipe, whistles, tmp_path, hum), stages)
    assert stages.finished[-1].cached
    assert same == found
    _, wider = tune_models(models, 8, data(whistle_recipe, whistles, tmp_path, hum), stages)
    assert stages.finished[-1].cached
    assert wider.models == tuple(found.models[place] for place in (2, 1, 0))
    again = replace(models[0], twin=replace(models[0].twin, key="of another"))
    tune_models((again, *models[1:]), 4, data(whistle_recipe, whistles, tmp_path, hum), stages)
    assert not stages.finished[-1].cached


def test_a_folder_to_test_on_gives_the_test_streams_and_nothing_else(
    models: tuple[ModelResult, ...], hum: Path, whistles: Path, whistle_recipe: Path, tmp_path: Path
) -> None:
    other = shutil.copytree(whistles, tmp_path / "other")
    for clip in [*(other / "low").glob("speaker09*"), *(other / "high").glob("speaker09*_1.wav")]:
        clip.unlink()
    names = [name for name in (other / "testing_list.txt").read_text().split() if (other / name).is_file()]
    (other / "testing_list.txt").write_text("\n".join(names) + "\n")
    stages = Stages(tmp_path)
    here = data(whistle_recipe, whistles, tmp_path, hum)
    there = replace(here, test_folder=other)
    _, own = tune_models(models[:2], 8, here, stages)
    _, others = tune_models(models[:2], 8, there, stages)
    assert [one.said for one in own.models[0].misses] == [6] * 4
    assert [one.said for one in others.models[0].misses] == [2] * 4
    assert others.models[0].thresholds == own.models[0].thresholds
    assert there.tested.key != here.tested.key


def test_too_little_speech_leaves_the_recipes_thresholds(
    models: tuple[ModelResult, ...], whistles: Path, whistle_recipe: Path, tmp_path: Path
) -> None:
    tuned, found = tune_models(models, 4, data(whistle_recipe, whistles, tmp_path, None), Stages(tmp_path))
    assert tuned == models
    assert not found.models
    assert "too little" in found.note
    assert "--negatives" in found.note
    assert models[1].file is not None
    assert read_tflite(models[1].file.path).detector.thresholds == ()
