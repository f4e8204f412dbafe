"""Several devices train what one trains. Here they are one processor, which TensorFlow takes for two."""

from __future__ import annotations

import multiprocessing
import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipeline.recipe import Recipe, parse_recipe
from pipeline.training.convert import load_trained
from pipeline.training.dataset import Dataset
from pipeline.training.fit import TrainedModel, fit
from pipeline.training.replicas import Replicas, share_of_mean
from tests.training.killing import KillAfter, Killed

DEVICES = ("CPU:0", "CPU:1")
CHANGES = {
    "model": {
        "kind": "temporal",
        "stem_rows": 0,
        "stride": 1,
        "channels": 8,
        "blocks": [{"taps": 2}],
        "pooling": 2,
        "dropout": 0,
    },
    "training": {"batch_size": 40, "epochs": 7, "qat_epochs": 2, "low_bit_qat_epochs": 2, "learning_rate": 5e-3},
}


@pytest.fixture(scope="module")
def small(recipe) -> Recipe:
    return parse_recipe({**recipe.model_dump(), **CHANGES}, "tests")


def _split_the_processor() -> None:
    parts = [tf.config.LogicalDeviceConfiguration()] * len(DEVICES)
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], parts)


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[ProcessPoolExecutor]:
    """A process with two devices: TensorFlow must hear of them before it starts."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _split_the_processor) as process:
        yield process


def _epoch_of_descent(batch_size: int, devices: tuple[str, ...] = ()) -> tuple[float, float]:
    """Mean loss and slope after an epoch over 11 points of a line, by plain gradient descent."""
    replicas = Replicas(devices)
    with replicas.scope():
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")])
        optimizer = keras.optimizers.SGD(0.1)
        optimizer.build(model.trainable_variables)

    def step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x) - y) ** 2)
        optimizer.apply(share_of_mean(tape.gradient(loss, model.trainable_variables)), model.trainable_variables)
        return loss

    x = np.linspace(-1, 2, 11, dtype=np.float32)[:, None]
    loss = replicas.epoch(step, batch_size)(x, 3 * x)
    return float(loss), float(model.get_weights()[0][0, 0])


@pytest.mark.parametrize(("batch_size", "shared"), [(4, 4), (5, 4), (1, 2), (100, 10)])
def test_devices_share_the_largest_batch_that_gives_all_equally_many_clips(batch_size, shared, elsewhere):
    two = elsewhere.submit(_epoch_of_descent, batch_size, DEVICES).result()
    assert two == pytest.approx(_epoch_of_descent(shared), rel=1e-5)


def _train_and_die(recipe: Recipe, dataset: Dataset, folder: Path) -> None:
    with pytest.raises(Killed):
        fit(recipe, dataset, folder, weight_bits=None, progress=KillAfter(6), devices=DEVICES)


def _close(two: TrainedModel, one: TrainedModel, tolerance: float) -> None:
    losses = [[record.loss for record in run.history] for run in (two, one)]
    assert losses[0] == pytest.approx(losses[1], rel=tolerance)
    kernels = [
        [layer.kernel.numpy() for layer in load_trained(run.weights).layers if layer.weights] for run in (two, one)
    ]
    assert len(kernels[0]) == 3
    for ours, theirs in zip(*kernels, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * np.abs(theirs).max())


def test_two_devices_train_what_one_trains_and_take_over_from_each_other(small, dataset, elsewhere, tmp_path):
    killed = elsewhere.submit(_train_and_die, small, dataset, tmp_path / "two")
    one = fit(small, dataset, tmp_path / "one", weight_bits=None)
    killed.result()
    shutil.copytree(tmp_path / "two", tmp_path / "taken over")
    resumed = elsewhere.submit(fit, small, dataset, tmp_path / "two", weight_bits=None, devices=DEVICES)
    taken_over = fit(small, dataset, tmp_path / "taken over", weight_bits=None)
    two = resumed.result()
    assert two.history[:5] == taken_over.history[:5]
    for run in (two, taken_over):
        _close(run, one, 1e-4)

    initial = one.weights
    tuned = elsewhere.submit(fit, small, dataset, tmp_path / "4", weight_bits=4, initial=initial, devices=DEVICES)
    _close(tuned.result(), fit(small, dataset, tmp_path / "4 by one", weight_bits=4, initial=initial), 1e-3)
