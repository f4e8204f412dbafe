"""Tuning stage: thresholds for a budget of false accepts per hour, in every model file of a run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from pydantic import TypeAdapter

from pipeline.corpus.synthesis import synthesiser_version
from pipeline.errors import CorpusError, UsageError
from pipeline.export import write_reference_tflite, write_tflite
from pipeline.files import write_text
from pipeline.recipe import Recipe
from pipeline.report.listening import Tuning
from pipeline.stages import Stages
from pipeline.tuning.process import tune
from pipeline.tuning.spotters import QuantizedSpotter, Spotter
from pipeline.tuning.tuned import tuned
from pipeline.workflow.data import Data
from pipeline.workflow.models import ModelFile, ModelResult
from pipeline.workflow.quantize import REFERENCE_GRAPH
from pipeline.workflow.tensorflow import load_tensorflow

LEAST_HOURS = 0.25
"""Of other speech in the validation split: from less, the tail of the scores says nothing about events per hour."""

_FOUND = "tuning.json"


def tune_models(
    models: Sequence[ModelResult], bits: int, data: Data, stages: Stages
) -> tuple[tuple[ModelResult, ...], Tuning]:
    """Tunes every model of a run on the same streams, the float twin to compare with.

    Where the corpus does not carry that far, or no threshold keeps the budget, all keep what the recipe says.

    Args:
        bits: of the model that goes onto the device, which comes first in what is returned, before the float twin.
    """
    settings, seed = data.recipe.tuning, data.recipe.training.seed
    folders = () if data.negatives is None else (data.negatives,)

    def make(folder: Path) -> None:
        try:
            found = tune(
                [_spotter(result, data.recipe) for result in models],
                data.tested,
                folders,
                budget=settings.budget,
                hours=settings.hours,
                seed=seed,
                least_hours=LEAST_HOURS,
                progress=stages.progress,
            )
        except (CorpusError, UsageError) as error:
            tuning = Tuning(note=f"{error.message} ({error.hint})")
        else:
            for result, one in zip(models, found, strict=True):
                if result.file is not None:
                    model = tuned(result.file.model, one)
                    place = folder / f"{result.bits}bit"
                    place.mkdir()
                    write_tflite(model, place / "model.tflite")
                    write_reference_tflite(model, place / REFERENCE_GRAPH)
            tuning = Tuning(tuple(found))
        write_text(folder / _FOUND, json.dumps(asdict(tuning)))

    inputs = {
        "models": sorted((result.bits, _key(result)) for result in models),
        "corpus": data.tested.key,
        "negatives": [_fingerprint(folder) for folder in folders],
        "synthesiser": _synthesiser() if settings.hours else "",
        "tuning": settings.model_dump(),
        "seed": seed,
    }
    folder = stages.run("tune", inputs, make).folder
    tuning = TypeAdapter(Tuning).validate_json((folder / _FOUND).read_bytes())
    if not tuning.models:
        stages.progress.info(f"thresholds stay as the recipe has them: {tuning.note}")
        return tuple(models), tuning
    ordered = sorted(tuning.models, key=lambda one: (one.bits != bits, -one.bits))
    return tuple(_tuned(result, folder) for result in models), Tuning(tuple(ordered))


def _spotter(result: ModelResult, recipe: Recipe) -> Spotter:
    if result.file is not None:
        return QuantizedSpotter(result.file.model, result.bits)
    assert result.twin is not None
    load_tensorflow()
    from pipeline.training.convert import load_trained
    from pipeline.tuning.float_twin import FloatTwin

    return FloatTwin(load_trained(result.twin.folder / "model.keras"), recipe)


def _key(result: ModelResult) -> str:
    if result.file is not None:
        return result.file.digest
    assert result.twin is not None
    return result.twin.key


def _tuned(result: ModelResult, folder: Path) -> ModelResult:
    """The same weights, and so the same logits, with other thresholds."""
    if result.file is None:
        return result
    return replace(result, file=ModelFile.read(folder / f"{result.bits}bit" / "model.tflite"))


def _synthesiser() -> str:
    try:
        return synthesiser_version()
    except CorpusError:
        return ""


def _fingerprint(folder: Path) -> str:
    """Changes with any name, size or time of modification in a folder."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        status = path.stat()
        digest.update(f"{path.relative_to(folder)}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
    return digest.hexdigest()
