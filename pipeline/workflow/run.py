"""A whole run, stage by stage."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.config import WeightsIn
from pipeline.corpus import UNKNOWN_LABEL
from pipeline.corpus.counts import count
from pipeline.errors import UsageError
from pipeline.export import encode_reference_tflite
from pipeline.files import replacing
from pipeline.report import AccuracyRow, Report, write_report
from pipeline.report.listening import FLOAT_BITS, NOT_TUNED, Tuning
from pipeline.stages import StageResult, Stages
from pipeline.workflow.conditions import conditions
from pipeline.workflow.data import Data, HeldOut
from pipeline.workflow.device import Aim, ask_boards
from pipeline.workflow.float_network import export_float
from pipeline.workflow.litert import run_in_litert
from pipeline.workflow.models import ModelFile, ModelResult
from pipeline.workflow.next_steps import Results
from pipeline.workflow.quantize import REFERENCE_GRAPH, quantize_model
from pipeline.workflow.reference import reference_logits
from pipeline.workflow.reporting import Origin, Outcome, make_report
from pipeline.workflow.training import evaluate_float, train_float, train_quantized
from pipeline.workflow.tuning import tune_models

BIT_WIDTHS = (8, 4, 2)


def train(data: Data, widths: Sequence[int], stages: Stages) -> tuple[ModelResult, ...]:
    """Trains the float twin and a quantization-aware model for every width, quantizes and evaluates them.

    Returns:
        The float twin, then one model per width, in their order.
    """
    recipe, dataset, held_out = data.recipe, data.dataset, data.held_out
    float_stage = train_float(recipe, dataset, stages)
    test, validation = (
        evaluate_float(float_stage, clips.features, clips.key, stages) for clips in (held_out.test, held_out.validation)
    )
    models = [ModelResult(None, FLOAT_BITS, "float", test, validation, float_stage)]
    for bits in widths:
        trained = train_quantized(recipe, dataset, float_stage, bits, stages)
        models.append(_evaluated(quantize_model(recipe, trained, bits, stages), bits, "QAT", held_out, stages))
    return tuple(models)


def build(
    data: Data,
    bits: int,
    widths: Sequence[int],
    aim: Aim,
    stages: Stages,
    command: str,
    *,
    baselines: Sequence[AccuracyRow] = (),
    tuned: bool = True,
) -> tuple[Report, Path]:
    """From speech to a report: trains, quantizes, builds, tests on the target; returns the report and its page.

    Args:
        bits: width of the model that goes onto the target; one of ``widths``.
        baselines: other routes to a small model, measured elsewhere, for the report.
        tuned: whether thresholds are chosen on continuous audio; otherwise they are the recipe's.
    """
    models = train(data, widths, stages)
    models, tuning = tune_models(models, bits, data, stages) if tuned else (models, NOT_TUNED)
    twin, tested = models[0].twin, models[1 + list(widths).index(bits)]
    assert twin is not None
    assert tested.file is not None
    _publish(export_float(data.recipe, twin, tuning, stages), stages.root / f"{data.recipe.name}_float.tflite")
    published = stages.root / f"{data.recipe.name}_{bits}bit.tflite"
    _publish(tested.file.path, published)
    weights_in = data.recipe.firmware.weights_in
    origin = Origin(command, data.recipe.name, data.description, tuple(baselines), _speakers(data))
    return _test_and_report(tested, models, published, data.held_out, aim, stages, origin, tuning, weights_in)


def build_from_model(file: ModelFile, held_out: HeldOut, aim: Aim, stages: Stages, command: str) -> tuple[Report, Path]:
    """From an existing ``.tflite`` to a report, on held-out clips of the same words.

    Raises:
        UsageError: the clips are not of the model's front end.
    """
    test = held_out.test
    if test.features.shape[1] != file.model.inputs:
        raise UsageError(
            f"the test clips have {test.features.shape[1]} features, the model takes {file.model.inputs}",
            "test with the recipe the model was trained by",
        )
    result = _evaluated(file, file.model.bits, "from file", held_out, stages)
    origin = Origin(command, "from a model file", test.name)
    return _test_and_report(result, (result,), file.path, held_out, aim, stages, origin)


def _speakers(data: Data) -> dict[str, int]:
    """How many speakers of the training split say each keyword."""
    labels = data.corpus.labels
    counts = dict(zip(labels, count(data.corpus.training, len(labels)), strict=True))
    return {name: counts[name].speakers for name in labels[UNKNOWN_LABEL + 1 :]}


def _evaluated(file: ModelFile, bits: int, training: str, held_out: HeldOut, stages: Stages) -> ModelResult:
    test, validation = (
        reference_logits(file.model, file.digest, clips.features, clips.key, stages)
        for clips in (held_out.test, held_out.validation)
    )
    return ModelResult(file, bits, training, test, validation)


def _test_and_report(
    tested: ModelResult,
    models: Sequence[ModelResult],
    model: Path,
    held_out: HeldOut,
    aim: Aim,
    stages: Stages,
    origin: Origin,
    tuning: Tuning = NOT_TUNED,
    weights_in: WeightsIn = "flash",
) -> tuple[Report, Path]:
    file = tested.file
    assert file is not None
    image = aim.image(file, stages, weights_in)
    clips = held_out.test
    devices = ask_boards(aim, image, file.model, clips.features, clips.key, stages)
    elf = stages.root / f"{model.stem}_{aim.label}.elf"
    _publish(image.elf, elf)
    heard = [
        (condition, reference_logits(file.model, file.digest, condition.clips.features, condition.clips.key, stages))
        for condition in conditions(clips, file.model.frontend, stages)
    ]
    litert = run_in_litert(encode_reference_tflite(file.model), clips.features)
    outcome = Outcome(tested, litert, models, image, devices, heard, _distinct(stages.finished), tuning)
    graph, arrays = file.path.with_name(REFERENCE_GRAPH), image.elf.parent / "c" / "kws_model.c"
    twin = model.with_name(f"{file.model.name}_float.tflite")
    results = Results(stages.root, model, graph, twin, elf, arrays, aim.target, clips.folder)
    report = make_report(outcome, held_out, origin, results.next)
    return report, write_report(report, stages.root, f"{elf.stem}_board" if aim.real else elf.stem)[1]


def _publish(source: Path, destination: Path) -> None:
    """Copies a stage's result to the name a user looks for."""
    with replacing(destination) as temporary:
        temporary.write_bytes(source.read_bytes())


def _distinct(finished: Sequence[StageResult]) -> list[StageResult]:
    return list({stage.folder: stage for stage in reversed(finished)}.values())[::-1]
