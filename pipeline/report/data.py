"""What a report holds. Plain data, so that ``report.json`` and ``report.html`` cannot disagree."""

from __future__ import annotations

from dataclasses import dataclass

SCHEMA = "dynq-report-2"
"""Name and version of the JSON layout; changes when a field changes its meaning or goes."""


@dataclass(frozen=True)
class AccuracyRow:
    """One model on the test split.

    Attributes:
        name: "float32", "8-bit", ...
        runs_on: "Keras", "numpy" (the reference) or the device's target.
        training: how the weights came about.
        keyword: share of keyword clips recognised, 0..1, with its 95 % interval.
        speaker_mean: mean over speakers of the same share.
        spoken: accuracy over all clips with speech (keywords and unknown words).
        miss: share of keyword clips missed at the threshold that lets 1 % of the negatives through.
        det: (false accept rate, false reject rate) points over the threshold.
        model_bytes: packed weights and parameters.
    """

    name: str
    runs_on: str
    training: str
    keyword: float
    keyword_interval: tuple[float, float]
    speaker_mean: float
    spoken: float
    miss: float
    det: tuple[tuple[float, float], ...]
    model_bytes: int


@dataclass(frozen=True)
class Baseline:
    """The 8-bit route a user would otherwise take, on the same split."""

    name: str
    keyword: float
    spoken: float
    model_bytes: int


@dataclass(frozen=True)
class Confusion:
    """Counts ``[true][predicted]`` of the device's answers."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class MemoryRow:
    """Weights and parameters of the model at one width; ``float_bytes`` is the denominator."""

    name: str
    weight_bytes: int
    parameter_bytes: int
    float_bytes: int

    @property
    def saved(self) -> float:
        return 1 - (self.weight_bytes + self.parameter_bytes) / self.float_bytes


@dataclass(frozen=True)
class LayerRow:
    """One layer on the device; ``time``, in the device's unit, is None where the target has no counter."""

    name: str
    inputs: int
    outputs: int
    bits: int
    weight_bytes: int
    parameter_bytes: int
    time: float | None

    @property
    def macs(self) -> int:
        return self.inputs * self.outputs

    @property
    def time_per_mac(self) -> float | None:
        return None if self.time is None else self.time / self.macs


@dataclass(frozen=True)
class DeviceRow:
    """The image and the machine that ran it. Sizes in bytes, time in ``unit`` (instructions or cycles)."""

    target: str
    description: str
    cpu: str
    variant: str
    engine: str
    unit: str
    time_per_inference: float | None
    clock_hz: int | None
    flash_bytes: int
    flash_limit: int
    model_flash_bytes: int
    ram_bytes: int
    ram_limit: int
    stack_used: int | None
    stack_limit: int | None

    @property
    def milliseconds(self) -> float | None:
        """Time of one inference at ``clock_hz`` when every instruction takes one cycle: a lower bound on emulators."""
        if self.time_per_inference is None or not self.clock_hz:
            return None
        return 1e3 * self.time_per_inference / self.clock_hz


@dataclass(frozen=True)
class ParityRow:
    """Device against numpy reference, bit for bit."""

    clips: int
    logits: int
    differing_logits: int

    @property
    def equal(self) -> float:
        return 1 - self.differing_logits / self.logits if self.logits else 0.0


@dataclass(frozen=True)
class BoardRow:
    """One of several boards tested at once. ``error`` is empty when its test finished."""

    name: str
    keyword: float | None
    differing_logits: int | None
    time_per_inference: float | None
    retries: int | None
    error: str = ""


@dataclass(frozen=True)
class StageRow:
    name: str
    seconds: float
    cached: bool


@dataclass(frozen=True)
class Provenance:
    """What went in. Hashes are SHA-256, shortened to 16 hex digits."""

    command: str
    version: str
    recipe: str
    corpus: str
    corpus_hash: str
    model_file: str
    model_hash: str
    image_hash: str
    packages: tuple[tuple[str, str], ...]
    test_clips: int
    test_speakers: int


@dataclass(frozen=True)
class Report:
    """A whole run.

    ``accuracy`` starts with the best reference (float when it is known); the device's row is last. ``device`` is the
    first board that finished; ``boards`` lists all of them when there were several.
    """

    title: str
    summary: str
    accuracy: tuple[AccuracyRow, ...]
    baselines: tuple[Baseline, ...]
    confusion: Confusion
    memory: tuple[MemoryRow, ...]
    layers: tuple[LayerRow, ...]
    device: DeviceRow
    parity: ParityRow
    stages: tuple[StageRow, ...]
    provenance: Provenance
    boards: tuple[BoardRow, ...] = ()
