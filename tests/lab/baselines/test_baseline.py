from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lab.baselines.constants import constants
from lab.baselines.inputs import BaselineInputs
from lab.baselines.network import FloatNetwork
from lab.baselines.run import run_baselines
from pipeline.errors import ToolchainError, UsageError
from pipeline.export.op_resolver import operators
from pipeline.quantization import InputQuantization
from tests.device.test_failures import alive

QUANTIZATION = InputQuantization(0.01953125, -10)
TRAINING = {
    "adjustment": np.zeros(3, np.float32),
    "label_smoothing": 0.05,
    "epochs": 2,
    "batch_size": 128,
    "learning_rate": 5e-4,
    "seed": 1,
}


def make_inputs() -> tuple[BaselineInputs, np.ndarray, np.ndarray]:
    """Three separable classes, a network whose output was fitted to them, and its float logits."""
    rng = np.random.default_rng(3)
    centres = rng.integers(-100, 100, (3, 48))

    def draw(n: int):
        labels = rng.integers(0, 3, n)
        return np.clip(centres[labels] + rng.normal(size=(n, 48)) * 20, -128, 127).astype(np.int8), labels

    training, labels = zip(*(draw(300) for _ in range(2)), strict=True)
    testing, expected = draw(100)
    network = small_network(rng)
    means = mean_of_last_steps(network, training[0])
    readout = np.linalg.lstsq(means, 4 * np.eye(3)[labels[0]], rcond=None)[0].astype(np.float32)
    network = replace(network, output=(readout, np.zeros(3, np.float32)))
    inputs = BaselineInputs(np.stack(training), np.stack(labels), testing, network, QUANTIZATION, **TRAINING)
    return inputs, expected, mean_of_last_steps(network, testing) @ readout


def small_network(rng: np.random.Generator) -> FloatNetwork:
    """12 rows of 4 bands, 6 steps of 2 rows, 2 blocks of 3 taps, 8 channels, a mean of 3 steps."""

    def layer(inputs: int, outputs: int, scale: float) -> tuple[np.ndarray, np.ndarray]:
        weights = rng.normal(size=(inputs, outputs)) * scale
        return weights.astype(np.float32), (rng.normal(size=outputs) * 0.1).astype(np.float32)

    filters = tuple(layer(3, 8, 0.5) for _ in range(2))
    mixes = tuple(layer(8, 8, 0.3) for _ in range(2))
    return FloatNetwork(4, 3, 2, 6, 3, layer(12, 8, 0.3), filters, mixes, layer(8, 3, 0.3))


def mean_of_last_steps(network: FloatNetwork, clips: np.ndarray) -> np.ndarray:
    """The definition, step by step: zeros before the clip wherever a filter looks there."""
    rows = np.pad(clips.reshape(len(clips), 12, 4), ((0, 0), (1, 0), (0, 0)))
    real = QUANTIZATION.scale * (rows.astype(float) - QUANTIZATION.zero_point)
    seen = np.stack([real[:, 2 * t : 2 * t + 3].reshape(len(clips), 12) for t in range(6)], axis=1)
    x = np.maximum(seen @ network.stem[0] + network.stem[1], 0)
    for (taps, bias), (mix, mix_bias) in zip(network.filters, network.mixes, strict=True):
        filtered = np.zeros_like(x) + bias
        for t in range(6):
            for i, tap in enumerate(taps):
                if t >= i:
                    filtered[:, t] += tap * x[:, t - i]
        x = np.maximum(filtered @ mix + mix_bias + x, 0)
    return x[:, -3:].mean(axis=1)


def test_every_route_gives_a_small_model_that_answers_like_the_float_network(tmp_path: Path) -> None:
    inputs, labels, float_logits = make_inputs()
    results = run_baselines(inputs, tmp_path / "out")
    names = ["int8, post-training, window", "int8, trained, window"]
    names += ["int8, post-training, streaming", "int4, trained, streaming"]
    assert [result.name for result in results] == names
    float_accuracy = (float_logits.argmax(1) == labels).mean()
    assert float_accuracy > 0.9
    for result in results:
        assert result.logits.shape == (100, 3)
        assert (result.logits.argmax(1) == labels).mean() > float_accuracy - 0.15
    for result in (results[0], results[2]):  # nothing was trained, so that the logits are the same but for rounding
        assert np.abs(result.logits - float_logits).max() < 0.1 * np.abs(float_logits).max()
    window, streaming, narrow = ({*operators(results[i].file.read_bytes())} for i in (0, 2, 3))
    assert window >= {"CONV_2D", "DEPTHWISE_CONV_2D", "AVERAGE_POOL_2D", "FULLY_CONNECTED"}
    assert streaming >= {"READ_VARIABLE", "ASSIGN_VARIABLE", "CONCATENATION"}
    assert not window & {"QUANTIZE", "DEQUANTIZE"}
    assert narrow == streaming
    assert not (tmp_path / "out/inputs.npz").exists()
    stored = [constants(result.file.read_bytes()) for result in results[:2]]
    # a byte for each weight of stem, filters, mixes and output
    assert {one.weight_bytes for one in stored} == {12 * 8 + 2 * 3 * 8 + 2 * 8 * 8 + 8 * 3}
    # half a byte for those of stem and mixes; variables start from zeros: two past steps of two filters and the mean
    narrow_bytes = 12 * 8 // 2 + 2 * 3 * 8 + 2 * 8 * 8 // 2 + 8 * 3 + 3 * 2 * 8
    assert constants(results[3].file.read_bytes()).weight_bytes == narrow_bytes
    # biases of 5 layers of 8, a step for each of their channels; the output's biases are zeros, which are left out
    # until they are trained; it has a step for each of its 3 columns, of tfmot one for all
    assert [one.parameter_bytes for one in stored] == [4 * (40 + 40 + 3), 4 * (40 + 40 + 3 + 1)]


def test_a_failing_process_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs, _, _ = make_inputs()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/tensorflow.py").write_text("raise ImportError('No module named tf_keras')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "broken"))
    with pytest.raises(ToolchainError, match="tf_keras") as error:
        run_baselines(inputs, tmp_path / "out")
    assert "pip install" in error.value.hint


def test_inputs_must_fit() -> None:
    network = small_network(np.random.default_rng(0))
    features, labels = np.zeros((2, 5, 48), np.int8), np.zeros((2, 5), np.int64)
    BaselineInputs(features, labels, features[0], network, QUANTIZATION, **TRAINING)
    with pytest.raises(UsageError):
        BaselineInputs(features[..., :40], labels, features[0], network, QUANTIZATION, **TRAINING)
    with pytest.raises(UsageError):
        BaselineInputs(features[..., :40], labels, features[0, :, :40], network, QUANTIZATION, **TRAINING)
    with pytest.raises(UsageError):
        BaselineInputs(features, labels[:1], features[0], network, QUANTIZATION, **TRAINING)


def test_inputs_are_read_back_as_they_were_saved(tmp_path: Path) -> None:
    inputs, _, _ = make_inputs()
    inputs.save(tmp_path / "inputs.npz")
    found = BaselineInputs.load(tmp_path / "inputs.npz")
    for (name, wanted), (other, got) in zip(inputs.network.arrays(), found.network.arrays(), strict=True):
        assert name == other
        assert np.array_equal(wanted, got)
    assert np.array_equal(inputs.training, found.training)
    assert (found.input, found.batch_size, found.learning_rate) == (QUANTIZATION, 128, 5e-4)


def test_a_window_computes_only_the_steps_that_its_answer_depends_on() -> None:
    network = small_network(np.random.default_rng(0))
    # the mean reads 3 steps, for which the second filter reads 5; of the first's 5 outputs the oldest reads one zero
    assert network.spans() == [(5, 1), (3, 0)]
    assert network.window_rows == 13
    # stem 6 x 12 x 8, blocks 5 x 8 x (3 + 8) and 3 x 8 x (3 + 8), output 8 x 3
    assert network.window_macs() == 576 + 440 + 264 + 24


def test_steps_and_windows_see_the_same_rows() -> None:
    network = small_network(np.random.default_rng(0))
    clips = np.arange(1, 97).reshape(2, 48).astype(np.int8)
    windows, steps = network.windows(clips), network.each_step(clips)
    assert windows.shape == (2, 13, 1, 4)
    assert steps.shape == (2, 6, 3, 1, 4)
    assert not windows[:, 0].any()
    assert steps[1, 0, :, 0, 0].tolist() == [0, 49, 53]
    assert steps[1, 5, :, 0, 3].tolist() == [88, 92, 96]


HARNESS = """
import sys
from pathlib import Path
from lab.baselines.network import FloatNetwork
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
