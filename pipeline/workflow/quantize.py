"""Quantization stage: from trained weights to the ``.tflite`` that everything later starts from."""

from __future__ import annotations

from pathlib import Path

from pipeline.export import write_reference_tflite, write_tflite
from pipeline.recipe import Recipe
from pipeline.stages import StageResult, Stages
from pipeline.workflow.models import ModelFile
from pipeline.workflow.tensorflow import load_tensorflow

_MODEL = "model.tflite"
REFERENCE_GRAPH = "model_reference_graph.tflite"


def quantize_model(recipe: Recipe, trained: StageResult, bits: int, stages: Stages) -> ModelFile:
    """Writes the ``.tflite`` of trained weights and its reference graph."""

    def make(folder: Path) -> None:
        load_tensorflow()
        from pipeline.training.convert import quantize

        model = quantize(trained.folder / "model.keras", recipe, bits, recipe.corpus.labels)
        write_tflite(model, folder / _MODEL)
        write_reference_tflite(model, folder / REFERENCE_GRAPH)

    inputs = {
        "trained": trained.key,
        "model": recipe.model.model_dump(),  # of float weights, which do not depend on it, says how wide they become
        "name": recipe.name,
        "labels": recipe.corpus.labels,
        "detector": recipe.detector.model_dump(),
    }
    return ModelFile.read(stages.run(f"quantize-{bits}bit", inputs, make).folder / _MODEL)
