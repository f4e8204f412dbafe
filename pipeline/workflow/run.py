"""A whole run, stage by stage."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import ModelFileError, UsageError
from pipeline.export import read_tflite
from pipeline.files import replacing
from pipeline.layers import QuantizedModel
from pipeline.progress import Progress
from pipeline.recipe import CorpusSection, Recipe, parse_recipe
from pipeline.report import Baseline, Report, write_report
from pipeline.stages import StageResult, Stages
from pipeline.workflow.data import Data, TestSet, folder_test_set
from pipeline.workflow.device import Aim, test_on_boards
from pipeline.workflow.models import (
    ModelResult,
    evaluate_float,
    quantize_model,
    reference_logits,
    train_float,
    train_quantized,
)
from pipeline.workflow.reporting import make_report

BIT_WIDTHS = (8, 4, 2)


@dataclass(frozen=True)
class Trained:
    """The models of a recipe: float first, then one per bit width."""

    models: tuple[ModelResult, ...]

    def at(self, bits: int) -> ModelResult:
        return next(model for model in self.models if model.bits == bits)


def train(data: Data, widths: Sequence[int], stages: Stages, progress: Progress) -> Trained:
    """Trains the float twin and a quantization-aware model for every width, quantizes and evaluates them."""
    float_stage = train_float(data, stages, progress)
    models = [evaluate_float(data, float_stage, stages)]
    for bits in widths:
        trained = train_quantized(data, float_stage, bits, stages, progress)
        models.append(quantize_model(data, trained, bits, stages, progress))
    return Trained(tuple(models))


def build(
    data: Data,
    bits: int,
    widths: Sequence[int],
    aim: Aim,
    out: Path,
    command: str,
    progress: Progress,
    *,
    baselines: Sequence[Baseline] = (),
) -> tuple[Report, Path]:
    """From speech to a report: trains, quantizes, builds, tests on the target; returns the report and its page.

    Args:
        baselines: other routes to a small model, measured elsewhere, for the report.
    """
    stages = Stages(out)
    trained = train(data, widths, stages, progress)
    file = _publish(trained.at(bits).file, out / f"{data.recipe.name}_{bits}bit.tflite")
    return _test_and_report(
        file, trained.models, data.test, aim, out, stages, progress, baselines=baselines, corpus=data.description,
        recipe=data.recipe.name, command=command,
    )  # fmt: skip


def build_from_model(
    file: Path, test: TestSet, aim: Aim, out: Path, command: str, progress: Progress
) -> tuple[Report, Path]:
    """From an existing ``.tflite`` to a report, on test clips of the same words."""
    stages = Stages(out)
    model = read_tflite(file)
    answers = reference_logits(model, file, test.features, stages, progress)
    result = ModelResult(model.bits, file, False, answers)
    return _test_and_report(
        file, (result,), test, aim, out, stages, progress, corpus=test.name, recipe="from a model file",
        command=command,
    )  # fmt: skip


def recipe_of_model(model: QuantizedModel) -> Recipe:
    """A recipe with the words and the front end of a model, to find test clips for it."""
    seconds = model.frontend.context_samples / model.frontend.sample_rate
    corpus = CorpusSection(keywords=model.labels[2:], clip_seconds=max(1.5, seconds))
    name = re.sub(r"\W+", "_", model.name.lower())[:32].strip("_") or "model"
    sections = {"corpus": corpus.model_dump(), "frontend": model.frontend.model_dump()}
    return parse_recipe({"name": name, **sections}, "the model's metadata")


def test_set_for_model(model: QuantizedModel, data: Path | None, cache: Path, progress: Progress) -> TestSet:
    """Test clips of a model's own words: recorded ones, or synthetic ones when there is no folder.

    Raises:
        ModelFileError: the model's labels are not those of a keyword spotter of this project.
        CorpusError: the folder does not hold these words.
    """
    if model.labels[:2] != ("_silence_", "_unknown_"):
        raise ModelFileError(
            f"model {model.name} has labels {model.labels[:2]} where silence and unknown belong", "export it again"
        )
    recipe = recipe_of_model(model)
    if data is not None:
        return folder_test_set(recipe.corpus, recipe.frontend, data, cache, progress)
    section = recipe.corpus.model_copy(update={"source": "synthetic"})
    return Data(recipe.model_copy(update={"corpus": section}), None, None, cache, progress).test


def _test_and_report(
    file: Path,
    models: Sequence[ModelResult],
    test: TestSet,
    aim: Aim,
    out: Path,
    stages: Stages,
    progress: Progress,
    *,
    baselines: Sequence[Baseline] = (),
    corpus: str,
    recipe: str,
    command: str,
) -> tuple[Report, Path]:
    model = read_tflite(file)
    if test.features.shape[1] != model.inputs:
        raise UsageError(
            f"the test clips have {test.features.shape[1]} features, the model takes {model.inputs}",
            "test with the recipe the model was trained by",
        )
    image = aim.image(file, stages, progress)
    devices = test_on_boards(aim, image, file, test, stages, progress)
    report = make_report(
        model=model,
        model_file=file,
        models=[(result, None if result.file is None else read_tflite(result.file)) for result in models],
        image=image,
        devices=devices,
        test=test,
        baselines=baselines,
        stages=_distinct(stages.finished),
        corpus=corpus,
        recipe=recipe,
        command=command,
    )
    _publish(image.elf, out / f"firmware_{aim.target}.elf")
    return report, write_report(report, out)[1]


def _publish(source: Path | None, destination: Path) -> Path:
    """Copies a stage's result to the name a user looks for."""
    assert source is not None
    with replacing(destination) as temporary:
        temporary.write_bytes(source.read_bytes())
    return destination


def _distinct(finished: Sequence[StageResult]) -> list[StageResult]:
    return list({stage.folder: stage for stage in reversed(finished)}.values())[::-1]
