"""Softmax and detector of firmware/lib/listener against values worked out by hand or by numpy in double precision."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline._native import compile_library, declarations
from pipeline.project import PROJECT

FOLDER = PROJECT / "firmware" / "lib" / "listener"
NATIVE = compile_library(
    "listener-parts",
    (FOLDER / "softmax.c", FOLDER / "detector.c"),
    declarations(FOLDER / "softmax.h", FOLDER / "detector.h"),
)
ffi, lib = NATIVE.ffi, NATIVE.lib


def softmax(values: np.ndarray) -> np.ndarray:
    out = np.empty(len(values), np.float32)
    lib.listener_softmax(ffi.from_buffer("float[]", np.float32(values)), len(values), ffi.from_buffer("float[]", out))
    return out


@given(st.lists(st.floats(-200, 200, width=32), min_size=1, max_size=12))
def test_softmax_is_close_to_double_precision(values: list[float]) -> None:
    x = np.float32(values)
    below = (x - x.max()).astype(np.float64)  # the one subtraction is in single precision
    exact = np.exp(below) / np.exp(below).sum()
    assert np.abs(softmax(x) - exact).max() < 1e-6  # twelve terms, each rounded
    big = exact > 1e-30
    assert np.all(np.abs(softmax(x)[big] / exact[big] - 1) < 1e-6)


def test_softmax_of_large_logits_does_not_overflow() -> None:
    assert softmax(np.array([1e30, -1e30, 1e30])).tolist() == [0.5, 0.0, 0.5]


@pytest.mark.parametrize("values", [[np.nan, 1.0], [1.0, np.nan], [np.inf, 1.0]])
def test_softmax_of_no_numbers_is_no_number(values: list[float]) -> None:
    assert np.isnan(softmax(np.array(values))).all()


def pairs(values: np.ndarray) -> np.ndarray:
    out = np.array(values, np.float32)  # in place, as the listener does it
    lib.listener_softmax_of_pairs(ffi.from_buffer("float[]", out), len(out), ffi.from_buffer("float[]", out))
    return out


def test_pairs_by_hand() -> None:
    """The best against the second, all others against the best; ln 3 makes odds of three to one."""
    assert pairs(np.log([9.0, 3.0, 1.0])).tolist() == pytest.approx([3 / 4, 1 / 4, 1 / 10], abs=1e-6)
    assert pairs(np.log([1.0, 3.0, 9.0])).tolist() == pytest.approx([1 / 10, 1 / 4, 3 / 4], abs=1e-6)
    assert pairs(np.array([5.0, 5.0])).tolist() == [0.5, 0.5]
    assert pairs(np.array([0.0, 200.0, 0.0])).tolist() == [0.0, 1.0, 0.0]


@given(st.lists(st.floats(-200, 200, width=32), min_size=2, max_size=12))
def test_pairs_are_close_to_double_precision(values: list[float]) -> None:
    x = np.float32(values)
    rival = np.array([np.delete(x, i).max() for i in range(len(x))])
    exact = 1 / (1 + np.exp((rival - x).astype(np.float64)))
    assert np.abs(pairs(x) - exact).max() < 3e-7


@pytest.mark.parametrize("values", [[np.nan, 1.0, 2.0], [1.0, np.nan], [np.inf, 1.0, 2.0], [np.inf, np.inf]])
def test_pairs_of_no_numbers_are_no_numbers(values: list[float]) -> None:
    assert np.isnan(pairs(np.array(values))).all()


class Detector:
    """Keywords are labels 1 and 2."""

    def __init__(self, thresholds: tuple[float, ...] = (2.0, 0.5, 0.75), smoothing: int = 2, refractory: int = 100):
        self._keep = ffi.new("float[]", thresholds), ffi.new("float[]", 3 * (smoothing + 1))
        self._config = ffi.new("detector_config_t *", (self._keep[0], 3, smoothing, refractory))
        self._state = ffi.new("detector_t *")
        lib.listener_detector_init(self._state, self._config, self._keep[1])

    def push(self, sample: int, *posteriors: float) -> tuple[int, float, int] | None:
        event = ffi.new("detection_t *")
        found = lib.listener_detector_push(self._state, ffi.new("float[]", posteriors), sample, event)
        return (event.label, event.score, event.sample) if found else None


def test_nothing_before_the_window_is_full() -> None:
    detector = Detector()
    assert detector.push(10, 0.0, 1.0, 0.0) is None
    assert detector.push(20, 1.0, 0.0, 0.0) == (1, 0.5, 20)  # the mean of both, exactly at its threshold


def test_each_keyword_has_its_own_threshold_and_other_labels_have_none() -> None:
    detector = Detector(smoothing=1)
    assert detector.push(10, 1.0, 0.0, 0.0) is None
    assert detector.push(20, 0.0, 0.0, 0.625) is None
    assert detector.push(30, 0.0, 0.0, 0.875) == (2, 0.875, 30)


def test_the_higher_of_two_above_their_thresholds() -> None:
    assert Detector(smoothing=1).push(10, 0.0, 0.625, 0.875) == (2, 0.875, 10)
    assert Detector(smoothing=1).push(10, 0.0, 0.625, 0.5) == (1, 0.625, 10)
    # the highest of all, below its own threshold, does not hide another
    assert Detector((2.0, 0.5, 0.9), smoothing=1).push(10, 0.0, 0.6, 0.8)[0] == 1  # type: ignore[index]


def test_an_event_is_followed_by_silence_of_its_length() -> None:
    detector = Detector(smoothing=1)
    assert detector.push(1000, 0.0, 1.0, 0.0) is not None
    assert detector.push(1099, 0.0, 1.0, 0.0) is None
    assert detector.push(1100, 0.0, 1.0, 0.0) == (1, 1.0, 1100)


def test_the_window_slides() -> None:
    detector = Detector((2.0, 0.5, 2.0), smoothing=4, refractory=0)
    found = [detector.push(i, 0.0, p, 0.0) for i, p in enumerate([1, 0, 0, 0, 1, 1, 0, 0, 0, 0])]
    assert [event is not None for event in found] == [0, 0, 0, 0, 0, 1, 1, 1, 0, 0]


def test_no_numbers_make_no_event() -> None:
    detector = Detector(smoothing=1)
    assert detector.push(1, float("nan"), float("nan"), float("nan")) is None
    assert detector.push(2, 0.0, 1.0, 0.0) is not None


THRESHOLDS = (2.0, 0.5, 0.75)


def defined(rows: list[tuple[int, np.ndarray]], smoothing: int, refractory: int) -> list[tuple[int, float, int]]:
    """A plain statement of what the detector does."""
    found, deaf_until = [], 0
    for last in range(smoothing - 1, len(rows)):
        sample = rows[last][0]
        mean = np.mean([row for _, row in rows[last - smoothing + 1 : last + 1]], axis=0)
        above = [label for label in range(3) if mean[label] >= THRESHOLDS[label]]
        if sample >= deaf_until and above:
            keyword = max(above, key=lambda label: mean[label])
            found.append((keyword, float(mean[keyword]), sample))
            deaf_until = sample + refractory
    return found


# 64ths: sums and means over a power of two are exact, in whatever order
POSTERIORS = st.lists(st.integers(0, 64), min_size=3, max_size=3).map(lambda values: np.array(values) / 64)


@given(st.lists(st.tuples(st.integers(1, 90), POSTERIORS), max_size=40), st.sampled_from([1, 2, 4]))
def test_events_are_those_of_the_definition(steps: list[tuple[int, np.ndarray]], smoothing: int) -> None:
    rows, sample = [], 0
    for step, values in steps:
        sample += step
        rows.append((sample, values))
    detector = Detector(THRESHOLDS, smoothing)
    events = [detector.push(sample, *values) for sample, values in rows]
    assert [event for event in events if event] == defined(rows, smoothing, 100)
