"""The baseline stage: the 8-bit routes a user would otherwise take, from the same float network and the same clips."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lab.baselines.inputs import BaselineInputs
from lab.baselines.run import run_baselines
from pipeline.errors import UsageError
from pipeline.frontend import INPUT_QUANTIZATION
from pipeline.report import AccuracyRow
from pipeline.stages import StageResult, Stages
from pipeline.training.augmentation import AugmentedSet
from pipeline.workflow.data import Data
from pipeline.workflow.reporting import Judgement
from pipeline.workflow.tensorflow import load_tensorflow

MAX_TRAINING_BYTES = 256 << 20
"""Augmented clips kept for tfmot; a larger corpus gets fewer epochs of them."""


def measure_baselines(data: Data, float_stage: StageResult, stages: Stages) -> tuple[AccuracyRow, ...]:
    """Accuracy on the test clips and file size of TFLite post-training int8 and of tfmot's 8-bit training.

    Raises:
        UsageError: the network is not a perceptron, which is all that the baselines' script builds.
        ToolchainError: see ``run_baselines``.
    """
    if data.recipe.model.kind != "perceptron":
        raise UsageError(
            f"recipe {data.recipe.name} has a {data.recipe.model.kind} network, the baselines are of perceptrons",
            "name one, as in: --recipe models/wake_words_perceptron.toml",
        )

    def make(folder: Path) -> None:
        results = run_baselines(_inputs(data, float_stage.folder / "model.keras"), folder, stages.progress)
        np.savez(folder / "results.npz", names=[result.name for result in results],
                 model_bytes=[result.model_bytes for result in results],
                 logits=np.stack([result.logits for result in results]))  # fmt: skip

    inputs = {
        "float": float_stage.key,
        "test": data.held_out.test.key,
        "validation": data.held_out.validation.key,
        "training": data.recipe.training.model_dump(),
    }
    stage = stages.run("baselines", inputs, make)
    held_out, labels = data.held_out, data.recipe.corpus.labels
    with np.load(stage.folder / "results.npz") as found:
        results = list(zip(found["names"], found["model_bytes"], found["logits"], strict=True))
    rows = []
    for name, model_bytes, logits in results:
        test, validation = np.split(logits, [len(held_out.test.labels)])
        rows.append(
            Judgement.of(test, validation, held_out, labels).row(str(name), "LiteRT", "baseline", 8, int(model_bytes))
        )
    return tuple(rows)


def _inputs(data: Data, trained: Path) -> BaselineInputs:
    load_tensorflow()
    from pipeline.training.convert import dynq_layers, load_trained

    recipe, training, clips = data.recipe, data.recipe.training, data.dataset.training
    settings = recipe.frontend
    source = AugmentedSet(clips.power, clips.labels, data.dataset.noise_power, recipe.augmentation, settings)
    affordable = MAX_TRAINING_BYTES // (len(source) * settings.inputs)
    epochs = max(1, min(training.qat_epochs, affordable))
    # drawn as the quantization-aware training of our own models draws them
    drawn = [source.epoch(np.random.default_rng([training.seed, 1, epoch + 1])) for epoch in range(epochs)]
    layers = dynq_layers(load_trained(trained))
    return BaselineInputs(
        training=np.stack([features for features, _ in drawn]),
        training_labels=np.stack([labels for _, labels in drawn]),
        testing=np.concatenate([data.held_out.test.features, data.held_out.validation.features]),
        weights=tuple(np.asarray(layer.kernel, np.float32) for layer in layers),
        biases=tuple(np.asarray(layer.bias, np.float32) for layer in layers),
        input=INPUT_QUANTIZATION,
        batch_size=training.batch_size,
        learning_rate=training.qat_learning_rate,
        seed=training.seed,
    )
