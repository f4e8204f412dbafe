"""Last stage: what the others found, put together as one report."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline import __version__
from pipeline.boards import board
from pipeline.files import sha256_file
from pipeline.firmware import FirmwareImage
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
from pipeline.workflow.device import DeviceTests
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
    devices: DeviceTests,
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
    device = devices.tests[0]

    def score(logits: NDArray[np.float32]) -> Evaluation:
        return evaluate(logits, test.labels, test.speakers, model.labels)

    rows = []
    for result in models:
        size = result.file.model.quantized_bytes if result.file else model.float_bytes
        where = "numpy" if result.file else "Keras"
        rows.append(accuracy_row(score(result.logits), result.name, where, result.training, size))
    on_device = score(device.logits)
    rows.append(accuracy_row(on_device, tested.name, image.target, tested.training, model.quantized_bytes))
    times = {layer.name: layer.units for layer in device.layers}
    counted = device.unit != "microseconds"
    several = len(devices.tests) + len(devices.failures) > 1
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
                ticks=times.get(layer.name) if counted else None,
            )
            for layer in model.layers
        ),
        device=DeviceRow(
            target=image.target,
            description=chosen.description,
            cpu=chosen.core.cpu,
            variant=device.kernels,
            engine=device.engine,
            unit=device.unit,
            ticks_per_inference=device.units_per_inference if counted else None,
            clock_hz=chosen.clock_hz,
            flash_bytes=image.flash_bytes,
            flash_limit=image.flash_limit,
            model_flash_bytes=image.model_bytes,
            ram_bytes=image.ram_bytes,
            ram_limit=image.ram_limit,
            stack_used=device.stack_used,
            stack_limit=image.stack_bytes or None,
        ),
        parity=_parity(devices, tested.logits),
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
        boards=tuple(_boards(devices, tested.logits, score)) if several else (),
    )


def _boards(
    devices: DeviceTests, reference: NDArray[np.float32], score: Callable[[NDArray[np.float32]], Evaluation]
) -> Iterator[BoardRow]:
    for test in devices.tests:
        keyword = score(test.logits).keyword_accuracy.value
        yield BoardRow(
            test.board, keyword, differing_bits(test.logits, reference), test.units_per_inference, test.retries
        )
    for failure in devices.failures:
        yield BoardRow(failure.board, None, None, None, None, failure.reason)


def _parity(devices: DeviceTests, reference: NDArray[np.float32]) -> ParityRow:
    """Over all boards: one that differs is enough to spoil it."""
    return ParityRow(
        len(reference),
        sum(test.logits.size for test in devices.tests),
        sum(differing_bits(test.logits, reference) for test in devices.tests),
    )


def differing_bits(logits: NDArray[np.float32], reference: NDArray[np.float32]) -> int:
    """How many of float32 ``[n, labels]`` are not the reference's, bit for bit."""
    return int((logits.view(np.uint32) != reference.view(np.uint32)).sum())


def _memory(model: QuantizedModel) -> MemoryRow:
    return MemoryRow(f"{model.bits}-bit", model.weight_bytes, model.parameter_bytes, model.float_bytes)
