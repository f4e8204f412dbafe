from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from lab.baselines.costs import cost_of_ours
from lab.baselines.device import measure_tflite
from pipeline.errors import ToolchainError
from pipeline.project import PROJECT
from pipeline.workflow.models import ModelFile

MODEL = PROJECT / "models" / "wake_words_4bit.tflite"
FLOATS = PROJECT / "models" / "wake_words_float.tflite"


@pytest.fixture(scope="module")
def clip() -> np.ndarray:
    return np.random.default_rng(1).integers(-100, 100, (1, 960)).astype(np.int8)


def test_our_image_is_counted_and_gives_the_reference_logits(clip: np.ndarray, tmp_path: Path) -> None:
    cost = cost_of_ours(ModelFile.read(MODEL), clip, tmp_path, measured=True)
    found = cost.footprint
    assert found is not None
    assert cost.macs == 22_016
    assert found.outputs.shape == (24, 4 * 8)
    # the constants are in it, and kernels of a few KB, but no front end, protocol or board
    assert cost.constant_bytes < found.flash_bytes < cost.constant_bytes + 16_000
    assert 2_500 < found.ram_bytes < 4_500
    # a step of the shipped network took 44,186 instructions in the firmware, engine and clock included
    assert 38_000 < found.instructions < 46_000
    assert found.instructions < found.cycles < 2 * found.instructions


def test_an_image_that_answers_otherwise_is_refused(
    clip: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = ModelFile.read(MODEL)
    monkeypatch.setattr("lab.baselines.costs.logits", lambda model, features: np.zeros((1, 8), np.float32))
    with pytest.raises(ToolchainError, match="does not give the reference's logits"):
        cost_of_ours(file, clip, tmp_path, measured=True)


def test_without_a_library_nothing_is_counted(clip: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="headers"):
        measure_tflite(MODEL.read_bytes(), clip, 8, tmp_path / "none", tmp_path)
    assert cost_of_ours(ModelFile.read(MODEL), clip, tmp_path, measured=False).footprint is None


@pytest.mark.skipif("TFLM_ROOT" not in os.environ, reason="TFLM_ROOT names no build of TensorFlow Lite Micro")
def test_a_file_of_built_in_operators_is_counted_in_a_users_library(clip: np.ndarray, tmp_path: Path) -> None:
    interpreter = Interpreter(str(FLOATS))
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], clip)
    interpreter.invoke()
    wanted = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    found = measure_tflite(FLOATS.read_bytes(), clip, wanted.nbytes, Path(os.environ["TFLM_ROOT"]), tmp_path)
    np.testing.assert_allclose(np.frombuffer(found.outputs.tobytes(), np.float32), wanted[0], rtol=1e-4, atol=1e-5)
    assert found.flash_bytes > 88_000  # the floats alone
    assert found.instructions > 410_000  # a multiply-accumulate each
