"""Who speaks a split's synthesised speech: no speaker is in two splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.corpus import flite
from pipeline.corpus.data import SplitName
from pipeline.corpus.synthesis import ENGLISH, variants_by_split


@dataclass(frozen=True)
class Cast:
    """Voices to draw from.

    Attributes:
        variants: of espeak-ng's voices.
        people: Flite's voices.
        share: of English speech that ``people`` speak, 0..1.
    """

    variants: tuple[str, ...]
    people: tuple[str, ...]
    share: float

    def draw(self, languages: Sequence[str], rng: np.random.Generator) -> tuple[str, str]:
        """A speaker, and the voice to synthesise with; ``languages`` are espeak-ng's names."""
        speaker = self.variants[int(rng.integers(len(self.variants)))]
        voice = f"{languages[int(rng.integers(len(languages)))]}+{speaker}"
        if self.people and languages == ENGLISH and rng.random() < self.share:
            voice = speaker = self.people[int(rng.integers(len(self.people)))]
        return speaker, voice


def cast_of(split: SplitName, seed: int, flite_share: float) -> Cast:
    """Who speaks in a split: Flite's few voices only to train on.

    Raises:
        CorpusError: espeak-ng is not installed.
    """
    people = flite.voices() if flite_share and split == "training" else ()
    return Cast(variants_by_split(seed)[split], people, flite_share)
