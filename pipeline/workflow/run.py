"""A whole run, stage by stage."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.files import replacing
from pipeline.report import Baseline, Report, write_report
from pipeline.stages import StageResult, Stages
from pipeline.workflow.data import Data, HeldOutClips
from pipeline.workflow.device import Aim, ask_boards
from pipeline.workflow.models import ModelFile, ModelResult
from pipeline.workflow.quantize import quantize_model
from pipeline.workflow.reference import reference_logits
from pipeline.workflow.reporting import Origin, make_report
from pipeline.workflow.training import evaluate_float, train_float, train_quantized

BIT_WIDTHS = (8, 4, 2)


def train(data: Data, widths: Sequence[int], stages: Stages) -> tuple[ModelResult, ...]:
    """Trains the float twin and a quantization-aware model for every width, quantizes and evaluates them.

    Returns:
        The float twin, then one model per width, in their order.
    """
    recipe, dataset, test = data.recipe, data.dataset, data.test
    float_stage = train_float(recipe, dataset, stages)
    models = [ModelResult(None, "float", evaluate_float(float_stage, test.features, test.key, stages))]
    for bits in widths:
        trained = train_quantized(recipe, dataset, float_stage, bits, stages)
        models.append(_evaluated(quantize_model(recipe, trained, bits, stages), "QAT", test, stages))
    return tuple(models)


def build(
    data: Data,
    bits: int,
    widths: Sequence[int],
    aim: Aim,
    stages: Stages,
    command: str,
    *,
    baselines: Sequence[Baseline] = (),
) -> tuple[Report, Path]:
    """From speech to a report: trains, quantizes, builds, tests on the target; returns the report and its page.

    Args:
        bits: width of the model that goes onto the target; one of ``widths``.
        baselines: other routes to a small model, measured elsewhere, for the report.
    """
    models = train(data, widths, stages)
    tested = models[1 + list(widths).index(bits)]
    if tested.file is not None:
        _publish(tested.file.path, stages.root / f"{data.recipe.name}_{bits}bit.tflite")
    origin = Origin(command, data.recipe.name, data.description, tuple(baselines))
    return _test_and_report(tested, models, data.test, aim, stages, origin)


def build_from_model(
    file: ModelFile, test: HeldOutClips, aim: Aim, stages: Stages, command: str
) -> tuple[Report, Path]:
    """From an existing ``.tflite`` to a report, on test clips of the same words.

    Raises:
        UsageError: the clips are not of the model's front end.
    """
    if test.features.shape[1] != file.model.inputs:
        raise UsageError(
            f"the test clips have {test.features.shape[1]} features, the model takes {file.model.inputs}",
            "test with the recipe the model was trained by",
        )
    result = _evaluated(file, "from file", test, stages)
    return _test_and_report(result, (result,), test, aim, stages, Origin(command, "from a model file", test.name))


def _evaluated(file: ModelFile, training: str, test: HeldOutClips, stages: Stages) -> ModelResult:
    return ModelResult(file, training, reference_logits(file.model, file.digest, test.features, test.key, stages))


def _test_and_report(
    tested: ModelResult, models: Sequence[ModelResult], test: HeldOutClips, aim: Aim, stages: Stages, origin: Origin
) -> tuple[Report, Path]:
    assert tested.file is not None
    image = aim.image(tested.file, stages)
    devices = ask_boards(aim, image, tested.file.model, test.features, test.key, stages)
    report = make_report(tested, models, image, devices, test, _distinct(stages.finished), origin)
    _publish(image.elf, stages.root / f"firmware_{aim.target}.elf")
    return report, write_report(report, stages.root)[1]


def _publish(source: Path, destination: Path) -> None:
    """Copies a stage's result to the name a user looks for."""
    with replacing(destination) as temporary:
        temporary.write_bytes(source.read_bytes())


def _distinct(finished: Sequence[StageResult]) -> list[StageResult]:
    return list({stage.folder: stage for stage in reversed(finished)}.values())[::-1]
