"""How a spotter with tuned thresholds does on continuous audio, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

FLOAT_BITS = 32
"""What a row of the float twin says of the bits of its weights."""


@dataclass(frozen=True)
class FalseAccepts:
    """Of one kind of negative speech.

    Attributes:
        per_hour: with its exact 95 % Poisson interval.
        by_keyword: events of each keyword.
        woken_by: what was said there, most frequent first.
    """

    kind: str
    hours: float
    count: int
    per_hour: float
    interval: tuple[float, float]
    by_keyword: dict[str, int]
    woken_by: dict[str, int]


@dataclass(frozen=True)
class Misses:
    """Of one keyword stream.

    Attributes:
        rate: share of spoken keywords, with its 95 % interval over resampled speakers.
        speaker_mean: mean over speakers of the same share.
        by_keyword: the same share for every keyword by itself.
        by_speaker: keywords missed and keywords said, of every speaker.
        latency_ms: median and 95th percentile from the end of a word to its event; none without a hit.
    """

    kind: str
    said: int
    missed: int
    rate: float
    interval: tuple[float, float]
    speaker_mean: float
    by_keyword: dict[str, float]
    by_speaker: dict[str, tuple[int, int]]
    latency_ms: tuple[float, float] | None


@dataclass(frozen=True)
class Difference:
    """Misses less those of the float twin, of the same keywords in the same stream, each at thresholds of its own.

    Attributes:
        rate: of the shares of keywords; above 0 where the twin misses fewer. With its 95 % interval over resampled
            speakers.
        speaker_mean: of the means over speakers, and its interval.
    """

    kind: str
    rate: float
    interval: tuple[float, float]
    speaker_mean: float
    speaker_interval: tuple[float, float]


@dataclass(frozen=True)
class CurvePoint:
    """One point of a detection error trade-off: all thresholds moved together in log-odds."""

    shift: float
    false_accepts_per_hour: float
    misses: dict[str, float]


@dataclass(frozen=True)
class Tuned:
    """What tuning one model found.

    Attributes:
        model: name of the model, and ``bits`` of its weights; ``FLOAT_BITS`` of the float twin.
        budget: false accepts per hour that were asked for.
        validation_upper: 95 % upper bound of the rate on the validation negatives, which chose the thresholds.
        validation_miss_rate: over all validation keyword streams.
        false_accepts: on the test streams by kind of speech, all together last.
        misses: on the test streams, ratio of speech to noise falling.
        curve: on the test streams, all negatives together.
        against_float: a difference for each of ``misses``; none without a float twin, nor of itself.
    """

    model: str
    bits: int
    budget: float
    thresholds: dict[str, float]
    smoothing_frames: int
    validation_hours: float
    validation_false_accepts: int
    validation_upper: float
    validation_miss_rate: float
    false_accepts: tuple[FalseAccepts, ...]
    misses: tuple[Misses, ...]
    curve: tuple[CurvePoint, ...]
    against_float: tuple[Difference, ...] = ()

    @property
    def weights(self) -> str:
        """What they are, in a word."""
        return "float32" if self.bits == FLOAT_BITS else f"{self.bits}-bit"

    @property
    def bounded(self) -> bool:
        """Whether validation is long enough to show, with 95 % confidence, that the budget holds there."""
        return self.validation_upper <= self.budget


@dataclass(frozen=True)
class Tuning:
    """Every model of a run on continuous audio.

    Attributes:
        models: the one of the device first, then the float twin; empty where thresholds are the recipe's.
        note: why they are.
    """

    models: tuple[Tuned, ...] = ()
    note: str = ""


NOT_TUNED = Tuning()
"""Of a run that did not try."""
