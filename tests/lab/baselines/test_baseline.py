from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from lab.baselines.inputs import BaselineInputs
from lab.baselines.run import run_baselines
from pipeline.errors import ToolchainError, UsageError
from pipeline.export.op_resolver import operators
from pipeline.quantization import InputQuantization
from tests.device.test_failures import alive

QUANTIZATION = InputQuantization(0.01953125, -10)
TRAINING = {"batch_size": 128, "learning_rate": 5e-4, "seed": 1}


def make_inputs() -> tuple[BaselineInputs, np.ndarray, np.ndarray]:
    """Three separable classes, and the weights of a network that was fitted to them."""
    rng = np.random.default_rng(3)
    centres = rng.integers(-100, 100, (3, 24))

    def draw(n: int):
        labels = rng.integers(0, 3, n)
        return np.clip(centres[labels] + rng.normal(size=(n, 24)) * 20, -128, 127).astype(np.int8), labels

    training, labels = zip(*(draw(300) for _ in range(2)), strict=True)
    testing, expected = draw(200)
    hidden = rng.normal(size=(24, 16)) / 5
    activations = np.maximum(0.02 * (training[0].astype(float) + 10) @ hidden, 0)
    readout = np.linalg.lstsq(activations, 4 * np.eye(3)[labels[0]], rcond=None)[0]
    weights = (hidden.astype(np.float32), readout.astype(np.float32))
    inputs = BaselineInputs(
        training=np.stack(training),
        training_labels=np.stack(labels),
        testing=testing,
        weights=weights,
        biases=(np.zeros(16, np.float32), np.zeros(3, np.float32)),
        input=QUANTIZATION,
        **TRAINING,
    )
    real = 0.02 * (testing.astype(float) + 10)
    return inputs, expected, np.maximum(real @ weights[0], 0) @ weights[1]


def test_both_routes_give_int8_models_that_know_the_classes(tmp_path: Path) -> None:
    inputs, labels, float_logits = make_inputs()
    post_training, aware = run_baselines(inputs, tmp_path / "out")
    assert (post_training.name, aware.name) == ("TFLite int8 PTQ", "TFLite int8 QAT")
    float_accuracy = (float_logits.argmax(1) == labels).mean()
    for result in (post_training, aware):
        assert result.logits.shape == (200, 3)
        assert (result.logits.argmax(1) == labels).mean() > float_accuracy - 0.05
        assert result.model_bytes == result.file.stat().st_size
        assert operators(result.file.read_bytes()) == ("FULLY_CONNECTED",)
    assert np.abs(post_training.logits - float_logits).max() < 0.5
    assert not (tmp_path / "out/inputs.npz").exists()


def test_a_failing_process_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs, _, _ = make_inputs()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/tensorflow.py").write_text("raise ImportError('No module named tf_keras')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "broken"))
    with pytest.raises(ToolchainError, match="tf_keras") as error:
        run_baselines(inputs, tmp_path / "out")
    assert "pip install" in error.value.hint


def test_inputs_must_fit() -> None:
    features, labels = np.zeros((2, 5, 8), np.int8), np.zeros((2, 5), np.int64)
    with pytest.raises(UsageError):
        BaselineInputs(
            training=features,
            training_labels=labels,
            testing=features[0],
            weights=(np.zeros((9, 3), np.float32),),
            biases=(np.zeros(3, np.float32),),
            input=QUANTIZATION,
            **TRAINING,
        )
    with pytest.raises(UsageError):
        BaselineInputs(
            training=features,
            training_labels=labels[:1],
            testing=features[0],
            weights=(np.zeros((8, 3), np.float32),),
            biases=(np.zeros(3, np.float32),),
            input=QUANTIZATION,
            **TRAINING,
        )


HARNESS = """
import sys
from pathlib import Path
from lab.baselines.run import _run
from pipeline.progress import SILENT
_run(Path(sys.argv[1]), Path(sys.argv[2]), 1, SILENT)
"""


def test_nothing_is_left_behind_when_the_harness_is_killed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "inputs.npz")  # which nobody writes to: the process waits
    harness = subprocess.Popen([sys.executable, "-c", HARNESS, str(tmp_path / "inputs.npz"), str(tmp_path)])
    children = Path(f"/proc/{harness.pid}/task/{harness.pid}/children")
    deadline = time.monotonic() + 60
    while not (found := children.read_text().split()) and time.monotonic() < deadline:
        time.sleep(0.05)
    (child,) = found
    # the kernel's order to end with its parent holds once another program runs
    while b"process" not in Path(f"/proc/{child}/cmdline").read_bytes() and time.monotonic() < deadline:
        time.sleep(0.05)
    harness.kill()
    harness.wait()
    while alive(int(child)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(int(child))
