"""The training loop: float from scratch, or quantization-aware from float weights."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from pipeline.config import TrainingSection
from pipeline.corpus import UNKNOWN_LABEL
from pipeline.files import replacing, sha256_file
from pipeline.progress import SILENT, Progress
from pipeline.recipe import Recipe
from pipeline.sources import code_version
from pipeline.stages import hash_of
from pipeline.training.augmentation import AugmentedSet
from pipeline.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from pipeline.training.convert import load_trained, start_from
from pipeline.training.dataset import Dataset
from pipeline.training.replicas import Replicas, share_of_mean
from pipeline.training.zoo import build_model

CHECKPOINT_EPOCHS = 5
WARM_UP_EPOCHS = 2
FINAL_RATE = 0.02
"""Learning rate at the end of the cosine, as a share of the highest."""
ANNEALED = 0.75
"""Share of the epochs after which the learning rate is low and the weights to keep are chosen. Before it a lower loss
often only means less confidence: the noise of one small validation split would pick an early, worse epoch."""
AVERAGING_RATE = 0.3
"""Least learning rate, as a share of the highest, of runs that average weights: the mean does what annealing would, and
weights that hardly move have little to average."""

Tensor = Any


@dataclass(frozen=True)
class EpochRecord:
    """What one epoch did; losses are mean cross-entropies."""

    epoch: int
    learning_rate: float
    loss: float
    validation_loss: float
    validation_accuracy: float


@dataclass(frozen=True)
class TrainedModel:
    """A finished training run.

    Attributes:
        weights: ``.keras`` file with the weights of ``best_epoch``, or the mean of those of all averaged epochs.
        best_epoch: lowest validation loss in the last quarter of training, or of all epochs when it stopped before; the
            last one of a mean.
        validation_accuracy: of these weights, all classes, in inference mode.
        seconds: spent training, over all resumed runs.
    """

    weights: Path
    history: tuple[EpochRecord, ...]
    best_epoch: int
    validation_accuracy: float
    seconds: float


def fit(
    recipe: Recipe,
    dataset: Dataset,
    out_dir: Path,
    *,
    weight_bits: int | None,
    initial: Path | None = None,
    teacher: Path | None = None,
    title: str | None = None,
    progress: Progress = SILENT,
    resume: bool = True,
    devices: Sequence[str] = (),
) -> TrainedModel:
    """Trains one model and writes ``model.keras``, TensorBoard logs and checkpoints under ``out_dir``.

    With ``initial`` training goes on from those float weights, for ``qat_epochs`` or ``low_bit_qat_epochs``, and their
    model is also the teacher. Without, it starts from random weights, for ``epochs``, and any network of the same
    inputs and labels can be its ``teacher``. Each augmented clip's target is mixed with the teacher's answer to it
    (Hinton et al., 2015, arXiv 1503.02531, at temperature 1). ``weight_bits=None`` with ``initial`` is the control:
    extra training without quantizers.
    The weights to keep are those of the best epoch or, with ``averaged``, the mean of those after each of the last
    epochs (Izmailov et al., UAI 2018, arXiv 1803.05407; their separate pass for the statistics of normalisation is left
    out: these are averaged, too).
    Training ends early when neither validation loss nor validation accuracy has been better for ``patience`` epochs.

    Several ``devices`` share every batch (see ``Replicas``). The same arguments give the same weights on the same kind
    and number of processors, also when a run was killed and resumed.

    Raises:
        QuantizationError: ``initial`` or ``teacher`` is damaged, or ``initial`` of another shape.
    """
    keras.utils.set_random_seed(recipe.training.seed)
    replicas = Replicas(devices)
    with replicas.scope():
        model = build_model(recipe, weight_bits)
        taught_by = initial or teacher
        guide = None if taught_by is None else load_trained(taught_by)
        if initial is not None:
            start_from(model, guide)
    key = hash_of(
        {
            "recipe": recipe.model_dump(),
            "data": dataset.key,
            "bits": weight_bits,
            "initial": None if initial is None else sha256_file(initial),
            "teacher": None if teacher is None else sha256_file(teacher),
            "code": code_version(__name__),
        }
    )
    title = f"Training, {title or ('float' if weight_bits is None else f'{weight_bits} bits')}"
    run = _Run(recipe, dataset, model, weight_bits, initial is not None, guide, replicas, key, out_dir, title)
    if resume:
        run.restore()
    run.train(progress)
    weights = out_dir / "model.keras"
    validation_accuracy = run.load_best()
    with replacing(weights) as temporary:
        model.save(temporary)
    run.checkpoint_path.unlink(missing_ok=True)
    return TrainedModel(weights, tuple(run.history), run.best_epoch, validation_accuracy, run.seconds)


def logit_adjustment(labels: NDArray[np.int64], classes: int, unknown_mass: float | None) -> NDArray[np.float32]:
    """What is added to logits in the loss only, float32 ``[classes]``, so that a model expects fewer unknown clips.

    Many unknown clips teach what to reject, and that nearly everything is unknown, which costs keywords said by unusual
    voices. The loss gets logits with the logarithm of that surplus on top; the model's own are then those of a world
    without it (Menon et al., ICLR 2021, arXiv 2007.07314).

    Args:
        labels: of an epoch's clips, int64 ``[n]``.
        unknown_mass: unknown clips per keyword clip in that world, at most; None: as many as there are.
    """
    unknown, keywords = int((labels == UNKNOWN_LABEL).sum()), int((labels > UNKNOWN_LABEL).sum())
    adjustment = np.zeros(classes, np.float32)
    if unknown_mass is not None and keywords:
        adjustment[UNKNOWN_LABEL] = math.log(max(1.0, unknown / (unknown_mass * keywords)))
    return adjustment


def predict_logits(model: keras.Model, features: NDArray[np.int8], batch: int = 512) -> NDArray[np.float32]:
    """Logits of int8 features ``[n, inputs]`` in inference mode, float32 ``[n, labels]``."""
    parts = [np.asarray(model(features[i : i + batch], training=False)) for i in range(0, len(features), batch)]
    return np.concatenate(parts)


class _Run:
    """One training run: the model, the optimizer, and how far they got."""

    def __init__(
        self,
        recipe: Recipe,
        dataset: Dataset,
        model: keras.Model,
        weight_bits: int | None,
        tuning: bool,
        teacher: keras.Model | None,
        replicas: Replicas,
        key: str,
        out_dir: Path,
        title: str,
    ) -> None:
        self.title = title
        settings = recipe.training
        self.recipe, self.dataset, self.model, self.key = recipe, dataset, model, key
        self.tuning = tuning
        self.epochs = settings.extra_epochs(weight_bits) if tuning else settings.epochs
        self.peak_rate = settings.qat_learning_rate if tuning else settings.learning_rate
        self.averaged = round(settings.averaged * self.epochs)
        with replicas.scope():
            self.optimizer = keras.optimizers.AdamW(self.peak_rate, weight_decay=settings.weight_decay)
            self.optimizer.exclude_from_weight_decay(var_names=["bias", "gain"])
            self.optimizer.build(model.trainable_variables)
        self.checkpoint_path = out_dir / "checkpoint.npz"
        self.log_dir = out_dir / "tensorboard"
        self.history: list[EpochRecord] = []
        self.best_epoch = 0
        self.best = self._weights()
        self.seconds = 0.0
        training = dataset.training
        self.source = AugmentedSet(
            training.power,
            training.called,
            training.labels,
            dataset.noise_power,
            recipe.augmentation,
            recipe.frontend,
            dataset.negatives,
        )
        self.adjustment = logit_adjustment(self.source.labels, len(dataset.label_names), settings.unknown_mass)
        share = settings.distillation if tuning else settings.teacher_share
        self._train_epoch = _epoch_function(replicas, model, self.optimizer, teacher, share, settings, self.adjustment)
        self._infer = tf.function(lambda x: model(x, training=False))

    def train(self, progress: Progress) -> None:
        writer = tf.summary.create_file_writer(str(self.log_dir))
        # the next epoch's clips are varied while this one trains
        with progress.task(self.title, self.epochs) as task, writer.as_default(), ThreadPoolExecutor(1) as ahead:
            task.advance(len(self.history))
            upcoming = ahead.submit(self._draw, len(self.history) + 1)
            while not self._finished():
                started = time.monotonic()
                epoch = len(self.history) + 1
                features, labels = upcoming.result()
                upcoming = ahead.submit(self._draw, epoch + 1)
                record = self._epoch(epoch, features, labels)
                self.history.append(record)
                self._keep(record.epoch)
                self.seconds += time.monotonic() - started
                self._log(record)
                if record.epoch % CHECKPOINT_EPOCHS == 0:
                    self._save()
                task.advance(1, f"loss {record.loss:.3f}, validation {100 * record.validation_accuracy:.1f} %")
        writer.close()

    def restore(self) -> None:
        saved = load_checkpoint(self.checkpoint_path, self.key)
        if saved is None:
            return
        for variable, value in zip(self._variables(), saved.current, strict=True):
            variable.assign(value)
        self.best = saved.best
        self.history = [EpochRecord(**record) for record in saved.progress["history"]]
        self.best_epoch, self.seconds = saved.progress["best_epoch"], saved.progress["seconds"]

    def load_best(self) -> float:
        """Puts the weights to keep into the model and returns their validation accuracy."""
        self.model.set_weights(self.best)
        return self._validate()[1]

    def _draw(self, epoch: int) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
        # a generator of its own for each epoch: nothing to save, and a resumed run draws the same clips
        return self.source.epoch(np.random.default_rng([self.recipe.training.seed, int(self.tuning), epoch]))

    def _epoch(self, epoch: int, features: NDArray[np.int8], labels: NDArray[np.int64]) -> EpochRecord:
        rate = self._learning_rate(epoch)
        self.optimizer.learning_rate.assign(rate)
        loss = float(self._train_epoch(features, np.eye(len(self.dataset.label_names), dtype=np.float32)[labels]))
        validation_loss, accuracy = self._validate()
        return EpochRecord(epoch, rate, loss, validation_loss, accuracy)

    def _validate(self) -> tuple[float, float]:
        clips = self.dataset.validation
        logits = np.asarray(self._infer(clips.features), np.float64)
        shifted = logits + self.adjustment
        shifted -= shifted.max(axis=1, keepdims=True)
        log_likelihood = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        loss = -log_likelihood[np.arange(len(clips)), clips.labels].mean()
        return float(loss), float((logits.argmax(axis=1) == clips.labels).mean())

    def _learning_rate(self, epoch: int) -> float:
        warm_up = min(1.0, epoch / WARM_UP_EPOCHS)
        cosine = 0.5 + 0.5 * math.cos(math.pi * (epoch - 1) / self.epochs)
        rate = self.peak_rate * warm_up * (FINAL_RATE + (1 - FINAL_RATE) * cosine)
        return max(rate, self.peak_rate * AVERAGING_RATE) if self.averaged else rate

    def _keep(self, epoch: int) -> None:
        """Takes the weights after an epoch into the mean, or keeps them if they are the best."""
        count = epoch - (self.epochs - self.averaged)
        if count < 1 and self._choose() != epoch:
            return
        weights = self._weights()
        if count > 1:
            weights = [kept + (new - kept) / np.float32(count) for kept, new in zip(self.best, weights, strict=True)]
        self.best_epoch, self.best = epoch, weights

    def _choose(self) -> int:
        annealed = [record for record in self.history if record.epoch > ANNEALED * self.epochs]
        return min(annealed or self.history, key=lambda record: record.validation_loss).epoch

    def _finished(self) -> bool:
        if not self.history or len(self.history) >= self.epochs:
            return bool(self.history)
        lowest = min(self.history, key=lambda record: record.validation_loss)
        most = max(self.history, key=lambda record: record.validation_accuracy)
        return len(self.history) - max(lowest.epoch, most.epoch) >= self.recipe.training.patience

    def _weights(self) -> list[NDArray[np.float32]]:
        return [np.array(value) for value in self.model.get_weights()]

    def _variables(self) -> list[Any]:
        return [*self.model.variables, *self.optimizer.variables]

    def _save(self) -> None:
        state = {"history": [asdict(r) for r in self.history], "best_epoch": self.best_epoch, "seconds": self.seconds}
        save_checkpoint(
            self.checkpoint_path, Checkpoint(self.key, [v.numpy() for v in self._variables()], self.best, state)
        )

    def _log(self, record: EpochRecord) -> None:
        for name, value in asdict(record).items():
            if name != "epoch":
                tf.summary.scalar(name.replace("validation_", "validation/"), value, step=record.epoch)


def _epoch_function(
    replicas: Replicas,
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    teacher: keras.Model | None,
    share: float,
    settings: TrainingSection,
    adjustment: NDArray[np.float32],
) -> Any:
    """A graph that trains one epoch, whole batches only, and returns the mean loss."""

    def targets_of(features: Tensor, targets: Tensor) -> Tensor:
        smoothed = (1 - settings.label_smoothing) * targets + settings.label_smoothing / targets.shape[-1]
        if teacher is None or not share:
            return smoothed
        answers = tf.nn.softmax(teacher(features, training=False) + adjustment)
        return (1 - share) * smoothed + share * answers

    def step(features: Tensor, targets: Tensor) -> Tensor:
        targets = targets_of(features, targets)
        with tf.GradientTape() as tape:
            logits = model(features, training=True) + adjustment
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(targets, logits))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(share_of_mean(gradients), model.trainable_variables)
        return loss

    return replicas.epoch(step, settings.batch_size)
