"""A device's answers are kept for what gave them: image, clips and board."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import DeviceError, ToolchainError
from pipeline.firmware import FirmwareImage
from pipeline.flashing.hardware_map import MappedBoard
from pipeline.stages import Stages
from pipeline.workflow import device
from pipeline.workflow.device import Aim, ask_boards
from tests.conftest import make_model
from tests.device.test_result import RESULT

MODEL = make_model(4)
FEATURES = np.zeros((3, MODEL.inputs), np.int8)
IMAGE = FirmwareImage(Path("firmware.elf"), "host", "aot", "reference", "a" * 16, 1, 2, 3, 4, 5, 6)
EMULATED = MappedBoard(name="one", target="host", emulated=True)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Build hashes of the images that were run."""
    runs: list[str] = []

    def run(mapped, image, model, features, *, journal, **_):
        runs.append(image.build_hash)
        journal.write_text("")
        return replace(RESULT, seconds=float(len(runs)))

    monkeypatch.setattr(device, "run_on_board", run)
    return runs


def ask(root: Path, image: FirmwareImage, key: str, board: MappedBoard = EMULATED) -> float:
    (outcome,) = ask_boards(Aim((board,)), image, MODEL, FEATURES, key, Stages(root))
    assert outcome.result is not None
    return outcome.result.seconds


def test_another_image_or_other_clips_are_asked_anew(asked: list[str], tmp_path: Path):
    other = replace(IMAGE, build_hash="b" * 16)
    assert [ask(tmp_path, image, key) for image, key in ((IMAGE, "x"), (IMAGE, "x"), (other, "x"), (other, "y"))] == [
        1, 1, 2, 3,
    ]  # fmt: skip
    assert asked == ["a" * 16, "b" * 16, "b" * 16]


def test_a_real_board_is_asked_every_time(asked: list[str], tmp_path: Path):
    real = MappedBoard(name="desk", target="host", port="/dev/ttyACM0")
    assert [ask(tmp_path, IMAGE, "x", real) for _ in range(2)] == [1, 2]


def test_what_would_stop_a_run_is_found_before_it_begins(tmp_path: Path):
    """A build looks at its aim before it loads or trains anything."""
    with pytest.raises(ToolchainError, match="no TensorFlow Lite Micro headers"):
        Aim((MappedBoard(name="one", target="qemu", emulated=True),), tflm_root=tmp_path).check()
    absent = Aim((MappedBoard(name="one", port=str(tmp_path / "ttyACM0")),))
    with pytest.raises(DeviceError, match="there is no port"):
        absent.check()
    Aim((EMULATED,)).check()
