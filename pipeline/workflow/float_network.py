"""Float stage: the network that quantization starts from as a ``.tflite`` for other interpreters."""

from __future__ import annotations

from pathlib import Path

from pipeline.export import write_float_tflite
from pipeline.recipe import Recipe
from pipeline.report.listening import FLOAT_BITS, Tuning
from pipeline.stages import StageResult, Stages
from pipeline.tuning.tuned import tuned
from pipeline.workflow.tensorflow import load_tensorflow

_MODEL = "model.tflite"


def export_float(recipe: Recipe, trained: StageResult, tuning: Tuning, stages: Stages) -> Path:
    """Writes the float twin, with the thresholds that tuning found for it; returns the file."""
    found = next((one for one in tuning.models if one.bits == FLOAT_BITS), None)

    def make(folder: Path) -> None:
        load_tensorflow()
        from pipeline.training.convert import dynq_layers, load_trained, quantize
        from pipeline.training.layers.affine import DynqAffine

        network = load_trained(trained.folder / "model.keras")
        model = quantize(network, recipe, 8, recipe.corpus.labels)  # any width says how the layers go together
        weights = {
            layer.name: twin.folded()
            for layer, twin in zip(model.layers, dynq_layers(network), strict=True)
            if isinstance(twin, DynqAffine)
        }
        write_float_tflite(model if found is None else tuned(model, found), weights, folder / _MODEL)

    inputs = {
        "trained": trained.key,
        "name": recipe.name,
        "labels": recipe.corpus.labels,
        "detector": recipe.detector.model_dump(),
        "thresholds": None if found is None else [found.thresholds, found.smoothing_frames],
    }
    return stages.run("export-float", inputs, make).folder / _MODEL
