"""What listening gives: the scores of every step and the detections among them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline.corpus.data import SAMPLE_RATE

SNIPPET_SECONDS = (1.5, 0.5)
"""Audio kept before and after the end of the sound that made an event."""
_ENVELOPE_SAMPLES = 160


@dataclass(frozen=True)
class Event:
    """A keyword that was detected.

    Attributes:
        label: the keyword.
        score: smoothed posterior, 0..1.
        sample: end of the audio that made it, in samples from the start of the source.
    """

    label: str
    score: float
    sample: int

    @property
    def seconds(self) -> float:
        return self.sample / SAMPLE_RATE


@dataclass(frozen=True)
class Step:
    """One run of the network.

    Attributes:
        sample: end of the audio it has heard.
        scores: smoothed posterior of every keyword, in the order of the model's labels; NaN before the detector's
            window is full.
    """

    sample: int
    scores: tuple[float, ...]


@dataclass
class Recorder:
    """Keeps what a page shows of one source, in memory bounded by its length: an envelope and the sound of events.

    Attributes:
        name: of the source.
        keywords: in the order of ``Step.scores``.
        envelope: smallest and largest sample of every 10 ms.
    """

    name: str
    keywords: tuple[str, ...]
    steps: list[Step] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    envelope: list[tuple[int, int]] = field(default_factory=list)
    sounds: list[NDArray[np.int16]] = field(default_factory=list)
    samples: int = 0

    _tail: NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, np.int16))
    _rest: NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, np.int16))

    def hear(self, pcm: NDArray[np.int16], steps: list[Step], events: list[Event]) -> None:
        """Takes int16 ``[n]`` that follow what was heard before, and what came of them."""
        self.steps += steps
        self.events += events
        self.samples += len(pcm)
        rest = np.concatenate([self._rest, pcm])
        whole = len(rest) // _ENVELOPE_SAMPLES
        pieces = rest[: whole * _ENVELOPE_SAMPLES].reshape(whole, _ENVELOPE_SAMPLES)
        self._rest = rest[whole * _ENVELOPE_SAMPLES :]
        if whole:
            self.envelope += list(zip(pieces.min(axis=1).tolist(), pieces.max(axis=1).tolist(), strict=True))
        self._tail = np.concatenate([self._tail, pcm])
        self._cut(final=False)
        keep = round((sum(SNIPPET_SECONDS) + 1) * SAMPLE_RATE)
        if len(self.sounds) == len(self.events):
            self._tail = self._tail[-keep:]

    def finish(self) -> None:
        """The source has ended: events at its end get what sound there is."""
        self._cut(final=True)

    def _cut(self, *, final: bool) -> None:
        before, after = (round(seconds * SAMPLE_RATE) for seconds in SNIPPET_SECONDS)
        start = self.samples - len(self._tail)
        for event in self.events[len(self.sounds) :]:
            if event.sample + after > self.samples and not final:
                return
            first = max(event.sample - before - start, 0)
            self.sounds.append(self._tail[first : event.sample + after - start].copy())
