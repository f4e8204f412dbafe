"""Checks of what a board did: each passes what is right, and names what is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pipeline.boards import TimeUnit, board
from pipeline.device import Device
from pipeline.device.cost import ListeningCost
from pipeline.firmware import FirmwareImage
from pipeline.layers import logits
from pipeline.protocol.declared import MemoryUse
from pipeline.testing import checks
from pipeline.testing.clips import balanced, made_up
from tests.conftest import make_model
from tests.device.test_result import RESULT

MODEL = make_model(4)
"""A step every 30 ms, 480 samples."""
CLIPS = replace(made_up(MODEL), labels=np.array([0, 1, 2]))
GOOD = replace(RESULT, logits=CLIPS.reference.copy())
IMAGE = FirmwareImage(
    Path("firmware.elf"), "nano33", "aot", "cortex_m4_dsp", "a" * 16, 50_000, 9_000, 4_096, 15_000, 983_040, 262_144
)


class Client:
    """Says how much stack there is and was used."""

    def __init__(self, stack: int, used: int) -> None:
        self._memory = MemoryUse(1, 1, stack, used)

    def memory(self) -> MemoryUse:
        return self._memory


BOARD = Device(board("nano33"), IMAGE, Client(4096, 3840), RESULT.build, None, TimeUnit("cycles", Fraction(1)))


@pytest.fixture
def cost(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets what a hundred steps take, most of it the network."""

    def measured(network: float) -> None:
        found = ListeningCost(3.0, rows=100, steps=100, frontend=1_000_000, network=network, detector=400_000)
        monkeypatch.setattr(checks, "measure_listening", lambda device, model: found)

    measured(5_000_000)
    return measured


def fails(check: Callable[[], None], told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        check()


def test_parity_is_of_bits() -> None:
    checks.assert_parity(GOOD, CLIPS)
    changed = GOOD.logits.copy()
    changed[1, 2] = np.nextafter(changed[1, 2], np.float32(9))
    fails(lambda: checks.assert_parity(replace(GOOD, logits=changed), CLIPS), "1 of 15 logits .* clip 1, logit 2")


def test_accuracy_is_the_share_of_largest_logits_that_are_right() -> None:
    result = replace(GOOD, logits=np.eye(5, dtype=np.float32)[[0, 1, 4]])
    assert checks.assert_accuracy(result, CLIPS, at_least=0.66) == pytest.approx(2 / 3)
    fails(lambda: checks.assert_accuracy(result, CLIPS, at_least=0.67), "66.7% of 3 clips")
    with pytest.raises(pytest.skip.Exception, match="--data"):
        checks.assert_accuracy(result, replace(CLIPS, labels=None), at_least=0)


def test_a_step_is_front_end_network_and_detector(cost: Callable[[float], None]) -> None:
    assert checks.time_per_step(BOARD, MODEL) == 64_000
    assert checks.assert_latency(BOARD, MODEL, cycles=64_000, instructions=1) == 64_000
    fails(lambda: checks.assert_latency(BOARD, MODEL, cycles=63_999), "64,000.0 cycles, at most 63,999.0")
    with pytest.raises(pytest.skip.Exception, match="counts cycles"):
        checks.assert_latency(BOARD, MODEL, instructions=1)
    with pytest.raises(TypeError, match="seconds"):
        checks.assert_latency(BOARD, MODEL, seconds=1)


def test_real_time_is_a_share_of_the_core(cost: Callable[[float], None]) -> None:
    """A step of 64,000 cycles every 30 ms of 1,920,000."""
    assert checks.assert_real_time(BOARD, MODEL) == pytest.approx(1 / 30)
    fails(lambda: checks.assert_real_time(BOARD, MODEL, share=0.0333), "3.3% of the core")
    cost(192_000_000)
    fails(lambda: checks.assert_real_time(BOARD, MODEL), "100.7% of the core")
    every_other_row = replace(MODEL, frontend=MODEL.frontend.model_copy(update={"context_stride": 6}))
    checks.assert_real_time(BOARD, every_other_row)
    with pytest.raises(pytest.skip.Exception, match="qemu"):
        checks.assert_real_time(replace(BOARD, board=board("qemu")), MODEL)


def test_memory_is_the_image_s_and_the_stack_s() -> None:
    assert checks.assert_memory(BOARD, flash=50_000, ram=13_096) == {"flash": 50_000, "RAM": 13_096, "stack": 3_840}
    fails(lambda: checks.assert_memory(BOARD, flash=49_999, ram=13_095), "50,000 .*flash.*; 13,096 .*RAM")
    fails(lambda: checks.assert_memory(BOARD, stack_margin=257), "3,840 bytes of stack, at most 3,839")
    checks.assert_memory(replace(BOARD, client=Client(0, 0)))  # Arduino owns the stack


def test_clips_of_every_label_are_chosen_alike_and_always_the_same() -> None:
    labels = np.repeat([0, 1, 2], [50, 3, 7])
    chosen = balanced(labels, 12)
    assert np.bincount(labels[chosen]).tolist() == [5, 3, 4]
    assert len(set(chosen.tolist())) == 12
    assert chosen.tolist() == balanced(labels, 12).tolist()
    assert balanced(labels, 999).tolist() == list(range(60))


def test_made_up_sound_has_the_reference_s_answers() -> None:
    assert made_up(MODEL).reference.tobytes() == logits(MODEL, CLIPS.features).tobytes()
    assert made_up(MODEL).labels is None
    assert len(CLIPS) == 3
    assert CLIPS.pcm.max() > 10_000
