"""What a device answered, held against the reference: bits, not values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.device.cost import ListeningCost
from pipeline.device.result import DeviceResult, LayerTime
from pipeline.protocol.declared import BuildInfo, MemoryUse

ONE = np.float32(1)
BUILD = BuildInfo("1", "b", "name", "m", "aot", "scalar", "host", 1_000_000, 80, 2, 3, "power")
RESULT = DeviceResult(
    build=BUILD,
    unit="instructions",
    logits=np.array([[1, -2], [0, np.nan]], np.float32),
    times=np.array([3.0, 1.0, 9.0]),
    layers=(LayerTime("stem", 2.5),),
    memory=MemoryUse(1, 2, 3, 4),
    retries=1,
    resumed=2,
    seconds=0.5,
    listening=ListeningCost(3.0, 100, 50, 1.0, 2.0, 3.0),
)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ((0, 0), np.nextafter(ONE, np.float32(2))),
        ((0, 0), np.nextafter(ONE, np.float32(0))),
        ((0, 1), np.float32(2)),
        ((1, 0), np.float32(-0.0)),  # the same value, another bit
        ((1, 0), np.uint32(1).view(np.float32)),
        ((1, 1), np.uint32(0x7FC00001).view(np.float32)),
        ((1, 1), np.float32(np.inf)),
    ],
)
def test_one_other_bit_is_one_logit_that_differs(place: tuple[int, int], value: np.float32) -> None:
    assert RESULT.differing_logits(RESULT.logits.copy()) == 0
    reference = RESULT.logits.copy()
    reference[place] = value
    assert RESULT.differing_logits(reference) == 1


def test_the_time_of_an_inference_is_the_median() -> None:
    assert RESULT.time_per_inference == 3.0


@pytest.mark.parametrize("result", [RESULT, replace(RESULT, listening=None)])
def test_what_was_saved_is_there_again(result: DeviceResult, tmp_path: Path) -> None:
    result.save(tmp_path)
    again = DeviceResult.load(tmp_path)
    assert again.differing_logits(result.logits) == 0
    assert again.times.tolist() == result.times.tolist()
    empty = np.zeros(0, np.float32)
    assert replace(again, logits=empty, times=empty) == replace(result, logits=empty, times=empty)
