"""Last stage: what the others found, put together as one report."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline import __version__
from pipeline.boards import board
from pipeline.device import DeviceResult
from pipeline.files import sha256_file
from pipeline.firmware import FirmwareImage
from pipeline.flashing.hardware_map import BoardOutcome
from pipeline.layers import QuantizedModel
from pipeline.report import (
    AccuracyRow,
    Baseline,
    BoardRow,
    Confusion,
    DeviceRow,
    LayerRow,
    MemoryRow,
    ParityRow,
    Provenance,
    Report,
    StageRow,
)
from pipeline.stages import StageResult
from pipeline.training.evaluate import Evaluation, evaluate
from pipeline.workflow.data import HeldOutClips
from pipeline.workflow.models import ModelResult

_PACKAGES = ("numpy", "keras", "tensorflow", "platformio", "unicorn")
_DET_POINTS = 400


def accuracy_row(evaluation: Evaluation, name: str, runs_on: str, training: str, model_bytes: int) -> AccuracyRow:
    """One line of the accuracy table."""
    keyword = evaluation.keyword_accuracy
    curve = list(zip(evaluation.det.false_accept, evaluation.det.false_reject, strict=True))
    step = max(1, len(curve) // _DET_POINTS)
    return AccuracyRow(
        name=name,
        runs_on=runs_on,
        training=training,
        keyword=keyword.value,
        keyword_interval=(keyword.low, keyword.high),
        speaker_mean=evaluation.speaker_keyword_accuracy.value,
        spoken=evaluation.accuracy_without_silence.value,
        miss=evaluation.miss_rate,
        det=tuple(curve[::step]),
        model_bytes=model_bytes,
    )


@dataclass(frozen=True)
class Origin:
    """Where a run's results come from, in words for the report."""

    command: str
    recipe: str
    corpus: str
    baselines: tuple[Baseline, ...] = ()


def make_report(
    tested: ModelResult,
    models: Sequence[ModelResult],
    image: FirmwareImage,
    devices: Sequence[BoardOutcome[DeviceResult]],
    test: HeldOutClips,
    stages: Sequence[StageResult],
    origin: Origin,
) -> Report:
    """Puts a run together.

    Args:
        tested: what runs on the device.
        models: every model evaluated on the host, the float twin first when there is one.
    """
    assert tested.file is not None
    file, model = tested.file, tested.file.model
    chosen = board(image.target)
    results = {outcome.board.name: outcome.result for outcome in devices if outcome.result is not None}
    device = next(iter(results.values()))

    def score(logits: NDArray[np.float32]) -> Evaluation:
        return evaluate(logits, test.labels, test.speakers, model.labels)

    rows = []
    for result in models:
        size = result.file.model.quantized_bytes if result.file else model.float_bytes
        where = "numpy" if result.file else "Keras"
        rows.append(accuracy_row(score(result.logits), result.name, where, result.training, size))
    on_device = score(device.logits)
    rows.append(accuracy_row(on_device, tested.name, image.target, tested.training, model.quantized_bytes))
    times = {layer.name: layer.time for layer in device.layers}
    counted = device.unit != "microseconds"
    return Report(
        title=f"{model.name}: {model.bits} bits on {image.target}",
        summary=f"{len(model.labels) - 2} keywords ({', '.join(model.labels[2:])}), "
        f"{model.macs:,} multiply-accumulates per inference, tested on {len(test.labels)} clips: {test.name}",
        accuracy=tuple(rows),
        baselines=origin.baselines,
        confusion=Confusion(model.labels, on_device.confusion),
        memory=tuple(_memory(result.file.model) for result in models if result.file),
        layers=tuple(
            LayerRow(
                name=layer.name,
                inputs=layer.inputs,
                outputs=layer.outputs,
                bits=layer.bits,
                weight_bytes=layer.weight_bytes,
                parameter_bytes=layer.parameter_bytes,
                time=times.get(layer.name) if counted else None,
            )
            for layer in model.layers
        ),
        device=DeviceRow(
            target=image.target,
            description=chosen.description_of_run(device.unit),
            cpu=chosen.core.cpu,
            variant=device.build.kernels,
            engine=device.build.engine,
            unit=device.unit,
            time_per_inference=device.time_per_inference if counted else None,
            clock_hz=chosen.clock_hz,
            flash_bytes=image.flash_bytes,
            flash_limit=image.flash_limit,
            model_flash_bytes=image.model_bytes,
            ram_bytes=image.ram_bytes,
            ram_limit=image.ram_limit,
            stack_used=device.memory.stack_used if device.memory.stack else None,
            stack_limit=image.stack_bytes or None,
        ),
        parity=ParityRow(
            len(test.labels),
            sum(result.logits.size for result in results.values()),
            sum(result.differing_logits(tested.logits) for result in results.values()),  # one is enough to spoil it
        ),
        stages=tuple(StageRow(stage.name, stage.seconds, stage.cached) for stage in stages),
        provenance=Provenance(
            command=origin.command,
            version=__version__,
            recipe=origin.recipe,
            corpus=origin.corpus,
            corpus_hash=test.key,
            model_file=file.path.name,
            model_hash=file.digest[:16],
            image_hash=sha256_file(image.elf)[:16],
            packages=tuple((name, importlib.metadata.version(name)) for name in _PACKAGES),
            test_clips=len(test.labels),
            test_speakers=len(set(test.speakers)),
        ),
        boards=tuple(_board(outcome, tested.logits, score) for outcome in devices) if len(devices) > 1 else (),
    )


def _board(
    outcome: BoardOutcome[DeviceResult],
    reference: NDArray[np.float32],
    score: Callable[[NDArray[np.float32]], Evaluation],
) -> BoardRow:
    result, error = outcome.result, outcome.error
    if result is None:
        return BoardRow(outcome.board.name, None, None, None, None, error.message if error else "")
    keyword = score(result.logits).keyword_accuracy.value
    differing = result.differing_logits(reference)
    return BoardRow(outcome.board.name, keyword, differing, result.time_per_inference, result.retries)


def _memory(model: QuantizedModel) -> MemoryRow:
    return MemoryRow(f"{model.bits}-bit", model.weight_bytes, model.parameter_bytes, model.float_bytes)
