"""How much of every class a split holds, and by how many people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.corpus.data import SILENCE_LABEL, Split, is_synthesised


@dataclass(frozen=True)
class Count:
    """The clips of one class in one split.

    Attributes:
        recorded: clips of recordings; of silence, all clips.
        synthesised: clips of synthesised speech.
        speakers: of the recordings, of synthesised speech where there are none; 0 for silence.
    """

    recorded: int
    synthesised: int
    speakers: int


def count(split: Split, classes: int) -> tuple[Count, ...]:
    """Counts of every class, in the order of the labels."""
    return tuple(_count(split, label) for label in range(classes))


def _count(split: Split, label: int) -> Count:
    clips = np.flatnonzero(split.label == label)
    if label == SILENCE_LABEL:
        return Count(len(clips), 0, 0)
    recorded = [clip for clip in clips if not is_synthesised(split.files[clip])]
    speakers = {split.speakers[clip] for clip in recorded or clips}
    return Count(len(recorded), len(clips) - len(recorded), len(speakers))
