"""Tuning from end to end: streams, choice on validation, what the test split then gives."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from pipeline.corpus import Corpus
from pipeline.errors import CorpusError
from pipeline.layers import QuantizedModel
from pipeline.listening.streams import Stream
from pipeline.progress import SILENT, Progress
from pipeline.report.listening import Tuned
from pipeline.tuning.choose import Choice, choose
from pipeline.tuning.material import make_material
from pipeline.tuning.replay import Heard, Setting, hear
from pipeline.tuning.results import summarise


def tune(
    models: Sequence[QuantizedModel],
    corpus: Corpus,
    folders: Sequence[Path],
    *,
    budget: float,
    hours: float,
    seed: int,
    least_hours: float = 0.0,
    progress: Progress = SILENT,
) -> list[tuple[QuantizedModel, Tuned]]:
    """Gives every model thresholds for a budget of false accepts per hour.

    Args:
        models: of the same keywords and front end; they hear the same streams.
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

    def heard(model: QuantizedModel) -> tuple[list[Heard], list[Heard]]:
        return _heard(model, material.keywords, progress), _heard(model, material.negatives, progress)

    def chosen(model: QuantizedModel) -> Choice:
        return choose(*heard(model), budget, model.detector.refractory_ms, progress=progress)

    def judged(model: QuantizedModel, choice: Choice) -> tuple[QuantizedModel, Tuned]:
        return tuned(model, choice.setting), summarise(model, budget, choice, *heard(model))

    with ThreadPoolExecutor(os.cpu_count()) as pool:  # nearly all of it is C
        choices = list(pool.map(chosen, models))
        material = make_material(corpus, "testing", folders, hours, seed, progress)
        return list(pool.map(judged, models, choices))


def tuned(model: QuantizedModel, setting: Setting) -> QuantizedModel:
    """The model with that setting in place of its own."""
    changed = {"thresholds": setting.thresholds, "smoothing_frames": setting.smoothing}
    return replace(model, detector=model.detector.model_copy(update=changed))


def _heard(model: QuantizedModel, streams: Sequence[Stream], progress: Progress) -> list[Heard]:
    found = []
    with progress.task(f"Listening at {model.bits} bits", sum(stream.hours for stream in streams)) as task:
        for stream in streams:
            found.append(hear(model, stream))
            task.advance(stream.hours, stream.name)
    return found
