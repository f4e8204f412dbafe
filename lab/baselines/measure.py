"""The baseline stage: the routes of others, from the same float network and the same clips."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lab.baselines.inputs import BaselineInputs
from lab.baselines.network import FloatNetwork
from lab.baselines.run import read_baselines, run_baselines
from pipeline.experiments.cells import CLEAN, Answers
from pipeline.experiments.material import Material
from pipeline.frontend import INPUT_QUANTIZATION
from pipeline.recipe import Recipe
from pipeline.stages import StageResult, Stages
from pipeline.training.augmentation import AugmentedSet
from pipeline.workflow.tensorflow import load_tensorflow

MAX_TRAINING_BYTES = 256 << 20
"""Augmented clips kept for tfmot; a larger corpus gets fewer epochs of them."""


@dataclass(frozen=True)
class Baseline:
    """One route's model, and what it answered."""

    name: str
    file: Path
    answers: Answers


def measure_baselines(
    material: Material, recipe: Recipe, float_stage: StageResult, epochs: int, stages: Stages
) -> tuple[Baseline, ...]:
    """Models and answers of TensorFlow's routes from one float network.

    Args:
        epochs: of quantization-aware training; 0 leaves out what trains.

    Raises:
        UsageError: the network is not of the default one's shape.
        ToolchainError: see ``run_baselines``.
    """

    def make(folder: Path) -> None:
        run_baselines(_inputs(material, recipe, float_stage.folder / "model.keras", epochs), folder, stages.progress)

    inputs = {
        "float": float_stage.key,
        "test": material.test.key,
        "validation": material.validation.key,
        "training": recipe.training.model_dump(),
        "epochs": epochs,
    }
    folder = stages.run("baselines", inputs, make).folder
    found = []
    for result in read_baselines(folder):
        test, validation = np.split(result.logits, [len(material.test.labels)])
        answers = Answers(material.truth, {CLEAN: test}, validation, material.validation.labels)
        found.append(Baseline(result.name, result.file, answers))
    return tuple(found)


def _inputs(material: Material, recipe: Recipe, trained: Path, epochs: int) -> BaselineInputs:
    load_tensorflow()
    from pipeline.training.fit import logit_adjustment

    training, dataset, settings = recipe.training, material.dataset, recipe.frontend
    clips = dataset.training
    noise, varied = dataset.noise_power, recipe.augmentation
    source = AugmentedSet(clips.power, clips.called, clips.labels, noise, varied, settings, dataset.negatives)
    affordable = MAX_TRAINING_BYTES // (len(source) * settings.inputs)
    wanted = min(epochs, affordable)
    # drawn as the quantization-aware training of our own models draws them
    draws = (np.random.default_rng([training.seed, 1, epoch + 1]) for epoch in range(max(1, wanted)))
    drawn = [source.epoch(rng) for rng in draws]
    return BaselineInputs(
        training=np.stack([features for features, _ in drawn]),
        training_labels=np.stack([labels for _, labels in drawn]),
        testing=np.concatenate([material.test.features, material.validation.features]),
        network=FloatNetwork.of(trained, recipe),
        input=INPUT_QUANTIZATION,
        adjustment=np.asarray(
            logit_adjustment(source.labels, len(recipe.corpus.labels), training.unknown_mass), np.float32
        ),
        label_smoothing=training.label_smoothing,
        epochs=wanted,
        batch_size=training.batch_size,
        learning_rate=training.qat_learning_rate,
        seed=training.seed,
    )
