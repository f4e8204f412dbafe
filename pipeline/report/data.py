"""What a report holds. Plain data, so that its JSON, its page and the terminal cannot disagree."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.report.device_data import DeviceRow, LayerRow, ListeningRow, RamRow
from pipeline.report.listening import NOT_TUNED, Tuning

SCHEMA = "dynq-report-6"
"""Name and version of the JSON layout; changes when a field changes its meaning or goes."""


@dataclass(frozen=True)
class AccuracyRow:
    """One model on the test split.

    Attributes:
        name: "float32", "8-bit", ...
        runs_on: "Keras", "numpy" (the reference), the device's target, or what else ran it.
        training: how the weights came about.
        bits: of its weights; 32 for floats.
        threshold: posterior that lets 1 % of the other words of the *validation* split through.
        miss: share of keyword clips missed at that threshold, 0..1.
        speaker_miss: mean over speakers of the same share.
        false_accept: share of clips of other words in which a keyword is detected at that threshold.
        miss_at_1: share missed where 1 % of the other words of the *test* split are let through: a threshold chosen
            with the answers known, by which models compare at equal false accepts.
        keyword: share of keyword clips recognised, with its 95 % interval.
        speaker_mean: mean over speakers of that share.
        spoken: accuracy over all clips with speech (keywords and unknown words).
        det: (false accept rate, false reject rate) points over the threshold.
        model_bytes: packed weights and parameters; of others' models, the file.
    """

    name: str
    runs_on: str
    training: str
    bits: int
    threshold: float
    miss: float
    speaker_miss: float
    false_accept: float
    miss_at_1: float
    keyword: float
    keyword_interval: tuple[float, float]
    speaker_mean: float
    spoken: float
    det: tuple[tuple[float, float], ...]
    model_bytes: int


@dataclass(frozen=True)
class WordRow:
    """One keyword on the device, at the threshold of its row in the accuracy table.

    Attributes:
        speakers: of its test clips.
        training_speakers: who said it for training; None where that is not known.
        recognised: clips whose largest logit is the word's.
        missed: clips in which the word is not detected.
        false_accepts: clips of other words in which it is.
        taken_for: other keywords detected in missed clips, each with its clips, most first.
    """

    word: str
    clips: int
    speakers: int
    training_speakers: int | None
    recognised: int
    missed: int
    false_accepts: int
    taken_for: tuple[tuple[str, int], ...]

    @property
    def miss(self) -> float:
        """Share of clips missed."""
        return self.missed / self.clips if self.clips else 0.0


@dataclass(frozen=True)
class ConditionRow:
    """The device's model on the test clips under a condition; shares as in :class:`AccuracyRow`, at its threshold.

    Attributes:
        description: what was done to the clips.
    """

    name: str
    description: str
    miss: float
    false_accept: float
    miss_at_1: float
    keyword: float


@dataclass(frozen=True)
class SplitRow:
    """The test split, and whose voice weighs most in it.

    Attributes:
        speakers: with keyword clips.
        dominant_speaker: who has the most keyword clips, ``dominant_clips`` of them.
    """

    clips: int
    keyword_clips: int
    speakers: int
    dominant_speaker: str
    dominant_clips: int

    @property
    def dominant_share(self) -> float:
        """Share of the keyword clips that are that speaker's."""
        return self.dominant_clips / self.keyword_clips if self.keyword_clips else 0.0


@dataclass(frozen=True)
class Confusion:
    """Counts ``[true][predicted]`` of the device's answers."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class MemoryRow:
    """Weights and parameters of the model at one width.

    Attributes:
        float_bytes: of the same network with weights and biases as float32.
        int8_bytes: of the same network with a byte for each weight and four for each bias, and nothing for scales: what
            no 8-bit route can go below.
    """

    name: str
    weight_bytes: int
    parameter_bytes: int
    float_bytes: int
    int8_bytes: int

    @property
    def model_bytes(self) -> int:
        """Bytes of both."""
        return self.weight_bytes + self.parameter_bytes

    @property
    def saved(self) -> float:
        """Share of the float network's bytes that is saved."""
        return 1 - self.model_bytes / self.float_bytes

    @property
    def saved_against_int8(self) -> float:
        """Share of the int8 network's bytes that is saved."""
        return 1 - self.model_bytes / self.int8_bytes


@dataclass(frozen=True)
class ParityRow:
    """Device against numpy reference, bit for bit.

    Attributes:
        differing_in_litert: logits of the reference graph, in the interpreter LiteRT.
    """

    clips: int
    logits: int
    differing_logits: int
    differing_in_litert: int

    @property
    def equal(self) -> float:
        """Share of the logits that are equal."""
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
    """One stage of the run."""

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


@dataclass(frozen=True)
class Next:
    """What to do with the results.

    Attributes:
        commands: (what it does, command) for a shell.
        files: (what it is, path from the report's folder).
        advice: sentences on what would better the weakest figures.
    """

    commands: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    advice: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """A whole run.

    ``accuracy`` starts with the best reference (float when it is known); the device's row is last. ``baselines`` are
    other models, measured on the same clips. ``conditions`` starts with the clips as they are. ``device`` is the first
    board that finished; ``boards`` lists all of them when there were several.
    """

    title: str
    summary: str
    accuracy: tuple[AccuracyRow, ...]
    baselines: tuple[AccuracyRow, ...]
    words: tuple[WordRow, ...]
    conditions: tuple[ConditionRow, ...]
    confusion: Confusion
    test: SplitRow
    memory: tuple[MemoryRow, ...]
    layers: tuple[LayerRow, ...]
    device: DeviceRow
    ram: RamRow
    listening: ListeningRow | None
    parity: ParityRow
    next: Next
    stages: tuple[StageRow, ...]
    provenance: Provenance
    boards: tuple[BoardRow, ...] = ()
    tuning: Tuning = NOT_TUNED

    @property
    def on_device(self) -> AccuracyRow:
        """The row that counts."""
        return self.accuracy[-1]

    @property
    def float_bytes(self) -> int:
        """Bytes of the same network as float32."""
        return self.memory[0].float_bytes

    @property
    def int8_bytes(self) -> int:
        """Bytes of the same network as int8, scales left out."""
        return self.memory[0].int8_bytes

    def saved(self, row: AccuracyRow) -> float:
        """Share of the float network's bytes that a model saves."""
        return 1 - row.model_bytes / self.float_bytes

    def saved_against_int8(self, row: AccuracyRow) -> float:
        """Share of the int8 network's bytes that a model saves."""
        return 1 - row.model_bytes / self.int8_bytes
