"""Tuning from end to end: streams, choice on validation, what the test split then gives."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipeline.corpus import Corpus
from pipeline.errors import CorpusError
from pipeline.listening.streams import Stream
from pipeline.progress import SILENT, Progress
from pipeline.report.listening import FLOAT_BITS, Tuned
from pipeline.tuning.choose import Choice, choose
from pipeline.tuning.material import make_material
from pipeline.tuning.results import against_float, summarise
from pipeline.tuning.spotters import Heard, Spotter


def tune(
    spotters: Sequence[Spotter],
    corpus: Corpus,
    folders: Sequence[Path],
    *,
    budget: float,
    hours: float,
    seed: int,
    least_hours: float = 0.0,
    progress: Progress = SILENT,
) -> list[Tuned]:
    """Chooses thresholds for a budget of false accepts per hour, for every spotter by itself.

    Args:
        spotters: of the same keywords; they hear the same streams.
        folders: of recordings in which no keyword is said.
        hours: of synthesised sentences, for validation and for test each.
        seed: of the corpus.
        least_hours: of other speech that validation must have.

    Raises:
        CorpusError: there is too little to tune on, or a folder cannot be used.
        UsageError: no threshold keeps the budget.
        ToolchainError: no C compiler.
    """
    material = make_material(corpus, "validation", folders, hours, seed, progress)
    there = sum(stream.hours for stream in material.negatives)
    if there < least_hours:
        raise CorpusError(
            f"{60 * there:.1f} minutes of other speech are too little to choose thresholds on",
            f"{60 * least_hours:.0f} minutes are the least: name recordings with --negatives",
        )

    def heard(spotter: Spotter) -> tuple[list[Heard], list[Heard]]:
        return _heard(spotter, material.keywords, progress), _heard(spotter, material.negatives, progress)

    def chosen(spotter: Spotter) -> Choice:
        return choose(*heard(spotter), budget, spotter.refractory_ms, progress=progress)

    def judged(spotter: Spotter, choice: Choice) -> Tuned:
        return summarise(spotter, budget, choice, *heard(spotter))

    with ThreadPoolExecutor(os.cpu_count()) as pool:  # nearly all of it is native code
        choices = list(pool.map(chosen, spotters))
        material = make_material(corpus, "testing", folders, hours, seed, progress)
        return against_float(list(pool.map(judged, spotters, choices)))


def _heard(spotter: Spotter, streams: Sequence[Stream], progress: Progress) -> list[Heard]:
    found = []
    weights = "float" if spotter.bits == FLOAT_BITS else f"{spotter.bits} bits"
    with progress.task(f"Listening, {weights}", sum(stream.hours for stream in streams)) as task:
        for stream in streams:
            found.append(spotter.hear(stream))
            task.advance(stream.hours, stream.name)
    return found
