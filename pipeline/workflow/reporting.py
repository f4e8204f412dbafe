"""Last stage: what the others found, put together as one report."""

from __future__ import annotations

import importlib.metadata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline import __version__
from pipeline.boards import Board, board
from pipeline.corpus import UNKNOWN_LABEL
from pipeline.device import DeviceResult
from pipeline.files import sha256_file
from pipeline.firmware import FirmwareImage
from pipeline.flash import flash_waits
from pipeline.flashing.hardware_map import BoardOutcome
from pipeline.layers import QuantizedModel, differing
from pipeline.report import (
    AccuracyRow,
    BoardRow,
    ConditionRow,
    Confusion,
    DeviceRow,
    LayerRow,
    ListeningRow,
    MemoryRow,
    Next,
    ParityRow,
    Provenance,
    RamRow,
    Report,
    SplitRow,
    StageRow,
    WordRow,
)
from pipeline.report.listening import NOT_TUNED, Tuned, Tuning
from pipeline.stages import StageResult
from pipeline.training.evaluate import Evaluation, evaluate
from pipeline.training.threshold import OperatingPoint, at_threshold, choose_threshold
from pipeline.workflow.conditions import Condition
from pipeline.workflow.data import HeldOut, HeldOutClips
from pipeline.workflow.models import ModelFile, ModelResult

REFERENCE_CLOCK_HZ = 64_000_000
"""Shares of a core without a clock of its own are of this one, the nRF52840's."""
_PACKAGES = ("numpy", "keras", "tensorflow", "platformio", "unicorn")
_DET_POINTS = 400


@dataclass(frozen=True)
class Judgement:
    """One model on the test split.

    Attributes:
        evaluation: without a threshold.
        point: at the threshold chosen on the validation split.
        miss_at_1: misses at 1 % false accepts of the test split itself.
    """

    evaluation: Evaluation
    point: OperatingPoint
    miss_at_1: float

    @classmethod
    def of(
        cls,
        logits: NDArray[np.float32],
        validation: NDArray[np.float32],
        held_out: HeldOut,
        labels: tuple[str, ...],
    ) -> Judgement:
        """Judges float32 logits ``[n, labels]`` of the test clips; those of the validation clips give the threshold."""
        test = held_out.test
        clips = (logits, test.labels, test.speakers, labels)
        threshold = choose_threshold(validation, held_out.validation.labels)
        known = choose_threshold(logits, test.labels)
        return cls(evaluate(*clips), at_threshold(*clips, threshold), at_threshold(*clips, known).miss_rate)

    def row(self, name: str, runs_on: str, training: str, bits: int, model_bytes: int) -> AccuracyRow:
        """Its line of the accuracy table."""
        found, point = self.evaluation, self.point
        curve = list(zip(found.det.false_accept, found.det.false_reject, strict=True))
        return AccuracyRow(
            name=name,
            runs_on=runs_on,
            training=training,
            bits=bits,
            threshold=point.threshold,
            miss=point.miss_rate,
            speaker_miss=point.speaker_miss_rate,
            false_accept=point.false_accept_rate,
            miss_at_1=self.miss_at_1,
            keyword=found.keyword_accuracy.value,
            keyword_interval=(found.keyword_accuracy.low, found.keyword_accuracy.high),
            speaker_mean=found.speaker_keyword_accuracy.value,
            spoken=found.accuracy_without_silence.value,
            det=tuple(curve[:: max(1, len(curve) // _DET_POINTS)]),
            model_bytes=model_bytes,
        )


@dataclass(frozen=True)
class Origin:
    """Where a run's results come from, in words for the report.

    Attributes:
        baselines: other models on the same clips.
        speakers: how many said each keyword for training; empty where that is not known.
    """

    command: str
    recipe: str
    corpus: str
    baselines: tuple[AccuracyRow, ...] = ()
    speakers: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What a run came to.

    Attributes:
        tested: what runs on the device.
        litert: logits of its reference graph in LiteRT for the test clips, float32 ``[n, labels]``.
        models: every model evaluated on the host, the float twin first when there is one.
        tuning: how they do on continuous audio.
        conditions: with what the tested model's reference answers under each, float32 ``[n, labels]``.
    """

    tested: ModelResult
    litert: NDArray[np.float32]
    models: Sequence[ModelResult]
    image: FirmwareImage
    devices: Sequence[BoardOutcome[DeviceResult]]
    conditions: Sequence[tuple[Condition, NDArray[np.float32]]]
    stages: Sequence[StageResult]
    tuning: Tuning = NOT_TUNED

    @property
    def file(self) -> ModelFile:
        """Of the model that was tested."""
        assert self.tested.file is not None
        return self.tested.file


def make_report(
    outcome: Outcome,
    held_out: HeldOut,
    origin: Origin,
    next_steps: Callable[[Sequence[WordRow], SplitRow, Sequence[ConditionRow], Tuned | None], Next],
) -> Report:
    """Puts a run together; ``next_steps`` says what to do about words, test split, conditions and thresholds."""
    tested, image, test = outcome.tested, outcome.image, held_out.test
    file, model = outcome.file, outcome.file.model
    chosen = board(image.target)
    results = {outcome.board.name: outcome.result for outcome in outcome.devices if outcome.result is not None}
    device = next(iter(results.values()))

    def judge(logits: NDArray[np.float32], validation: NDArray[np.float32]) -> Judgement:
        return Judgement.of(logits, validation, held_out, model.labels)

    rows = []
    for result in outcome.models:
        size = result.file.model.quantized_bytes if result.file else model.float_bytes
        where = "numpy" if result.file else "Keras"
        judged = judge(result.logits, result.validation)
        rows.append(judged.row(result.name, where, result.training, result.bits, size))
    on_device = judge(device.logits, tested.validation)
    rows.append(on_device.row(tested.name, image.target, tested.training, tested.bits, model.quantized_bytes))
    words, split = _words(on_device, origin.speakers), _split(test)
    heard = [("as recorded", "", on_device)]
    for condition, logits in outcome.conditions:
        heard.append((condition.name, condition.description, judge(logits, tested.validation)))
    under = tuple(_condition(*found) for found in heard)
    waits = flash_waits(sum(layer.weight_bytes + layer.parameter_bytes for layer in model.layers))
    return Report(
        title=f"{model.name}: {tested.bits} bits on {image.target}",
        summary=f"{len(model.keywords)} keywords ({', '.join(model.keywords)}), "
        f"{model.macs:,} multiply-accumulates a step, tested on {len(test.labels)} clips: {test.name}",
        accuracy=tuple(rows),
        baselines=origin.baselines,
        words=words,
        conditions=under,
        confusion=Confusion(model.labels, on_device.evaluation.confusion),
        test=split,
        memory=tuple(_memory(result.name, result.file.model) for result in outcome.models if result.file),
        layers=_layers(model, device),
        device=DeviceRow(
            target=image.target,
            description=chosen.description_of_run(device.unit),
            cpu=chosen.core.cpu,
            variant=device.build.kernels,
            engine=device.build.engine,
            unit=device.unit,
            time_per_inference=device.time_per_inference if _counted(device) else None,
            flash_bytes=image.flash_bytes,
            flash_limit=image.flash_limit,
            model_flash_bytes=image.model_bytes,
            model_ram_bytes=image.model_ram_bytes,
            flash_waits=waits,
        ),
        ram=RamRow(
            static_bytes=image.ram_bytes,
            stack_bytes=image.stack_bytes,
            stack_used=device.memory.stack_used if device.memory.stack else None,
            network_bytes=device.memory.arena,
            state_bytes=model.state_bytes,
            limit=image.ram_limit,
        ),
        listening=_listening(device, chosen, 0 if image.model_ram_bytes else waits),
        parity=ParityRow(
            len(test.labels),
            sum(result.logits.size for result in results.values()),
            sum(result.differing_logits(tested.logits) for result in results.values()),  # one is enough to spoil it
            differing(outcome.litert, tested.logits),
        ),
        next=next_steps(words, split, under, next(iter(outcome.tuning.models), None)),
        stages=tuple(StageRow(stage.name, stage.seconds, stage.cached) for stage in outcome.stages),
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
        ),
        tuning=outcome.tuning,
        boards=tuple(_board(found, tested, judge) for found in outcome.devices) if len(outcome.devices) > 1 else (),
    )


def _counted(device: DeviceResult) -> bool:
    """Whether its times say something of a microcontroller: a computer's microseconds do not."""
    return device.unit != "microseconds"


def _layers(model: QuantizedModel, device: DeviceResult) -> tuple[LayerRow, ...]:
    times = {layer.name: layer.time for layer in device.layers}
    return tuple(
        LayerRow(
            name=layer.name,
            kind=layer.kind,
            inputs=layer.inputs,
            outputs=layer.outputs,
            bits=layer.bits,
            weight_bytes=layer.weight_bytes,
            parameter_bytes=layer.parameter_bytes,
            state_bytes=layer.state_bytes,
            macs=layer.macs,
            time=times.get(layer.name) if _counted(device) else None,
        )
        for layer in model.layers
    )


def _listening(device: DeviceResult, chosen: Board, waits: int) -> ListeningRow | None:
    """What listening cost; ``waits``: cycles of a step that its instructions do not hold."""
    cost = device.listening
    if cost is None or not _counted(device):
        return None
    clock = chosen.clock_hz or REFERENCE_CLOCK_HZ
    return ListeningRow(
        unit=device.unit,
        clock_hz=clock,
        clock_name=f"a {clock / 1e6:g} MHz {chosen.core.title}",
        seconds=cost.seconds,
        steps=cost.steps,
        frontend=cost.frontend,
        network=cost.network,
        detector=cost.detector,
        flash_waits=float(waits * cost.steps) if device.unit == "instructions" else 0.0,
    )


def _words(judged: Judgement, training_speakers: Mapping[str, int]) -> tuple[WordRow, ...]:
    right = np.diag(np.asarray(judged.evaluation.confusion))[UNKNOWN_LABEL + 1 :].tolist()
    return tuple(
        WordRow(
            word=word.word,
            clips=word.clips,
            speakers=word.speakers,
            training_speakers=training_speakers.get(word.word),
            recognised=recognised,
            missed=word.missed,
            false_accepts=word.false_accepts,
            taken_for=word.taken_for,
        )
        for word, recognised in zip(judged.point.words, right, strict=True)
    )


def _condition(name: str, description: str, judged: Judgement) -> ConditionRow:
    return ConditionRow(
        name=name,
        description=description,
        miss=judged.point.miss_rate,
        false_accept=judged.point.false_accept_rate,
        miss_at_1=judged.miss_at_1,
        keyword=judged.evaluation.keyword_accuracy.value,
    )


def _split(test: HeldOutClips) -> SplitRow:
    keyword = test.labels > UNKNOWN_LABEL
    count = Counter(speaker for speaker, counts in zip(test.speakers, keyword, strict=True) if counts)
    speaker, clips = max(count.items(), key=lambda item: item[1], default=("", 0))
    return SplitRow(len(test.labels), int(keyword.sum()), len(count), speaker, clips)


def _board(
    outcome: BoardOutcome[DeviceResult],
    tested: ModelResult,
    judge: Callable[[NDArray[np.float32], NDArray[np.float32]], Judgement],
) -> BoardRow:
    result, error = outcome.result, outcome.error
    if result is None:
        return BoardRow(outcome.board.name, None, None, None, None, error.message if error else "")
    keyword = judge(result.logits, tested.validation).evaluation.keyword_accuracy.value
    differing = result.differing_logits(tested.logits)
    return BoardRow(outcome.board.name, keyword, differing, result.time_per_inference, result.retries)


def _memory(name: str, model: QuantizedModel) -> MemoryRow:
    weights = sum(layer.macs for layer in model.layers if layer.bits)  # each is multiplied once a step
    return MemoryRow(
        name=name,
        weight_bytes=model.weight_bytes,
        parameter_bytes=model.parameter_bytes,
        float_bytes=model.float_bytes,
        int8_bytes=model.float_bytes - 3 * weights,
    )
