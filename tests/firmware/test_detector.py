"""The firmware's detector and softmax, compiled for this machine, against a plain statement of what they do."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline._native import compile_library, declarations
from pipeline.config import Detector
from pipeline.export import write_c_arrays
from pipeline.project import PROJECT
from tests.conftest import make_model

APP, DYNQ = PROJECT / "firmware/app", PROJECT / "firmware/lib/dynq"
SETTINGS = Detector(threshold=0.5, smoothing_frames=4, refractory_ms=100)
REFRACTORY = 1600  # samples
KEYWORD, OTHER = 2, 3


@dataclass(frozen=True)
class Native:
    """The library, and the labels of the model that it was compiled for."""

    ffi: object
    lib: object
    labels: tuple[str, ...]

    def run(self, rows: list[tuple[int, np.ndarray]]) -> list[tuple[int, float, int]]:
        """Label, score and sample of what a fresh detector finds in rows of sample and posteriors."""
        state, detection, found = self.ffi.new("detector_t *"), self.ffi.new("detection_t *"), []
        self.lib.detector_init(state)
        for sample, posteriors in rows:
            if self.lib.detector_push(state, posteriors.astype(np.float32).tolist(), sample, detection):
                found.append((detection.label, detection.score, detection.sample))
        return found


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Native:
    folder = tmp_path_factory.mktemp("detector")
    model = replace(make_model(), detector=SETTINGS)
    write_c_arrays(model, "reference", folder, source_hash="0" * 64)
    headers, include = (APP / "detector.h", APP / "softmax.h"), (folder, DYNQ)
    sources = (APP / "detector.c", APP / "softmax.c", folder / "kws_model.c", *sorted(DYNQ.glob("*.c")))
    flags = ("-DDYNQ_VARIANT_REFERENCE",)
    library = compile_library("detector", sources, declarations(*headers, include=include), flags, include)
    return Native(library.ffi, library.lib, model.labels)


def expected(rows: list[tuple[int, np.ndarray]]) -> list[tuple[int, float, int]]:
    found, deaf_until = [], 0
    for last in range(SETTINGS.smoothing_frames - 1, len(rows)):
        sample = rows[last][0]
        mean = np.mean([row for _, row in rows[last - SETTINGS.smoothing_frames + 1 : last + 1]], axis=0)
        keyword = 2 + int(np.argmax(mean[2:]))
        if sample >= deaf_until and mean[keyword] >= SETTINGS.threshold:
            found.append((keyword, float(mean[keyword]), sample))
            deaf_until = sample + REFRACTORY
    return found


def row(label: int, posterior: float, labels: int = 5) -> np.ndarray:
    """One posterior, and the others nothing."""
    return np.eye(labels)[label] * posterior


def every(step: int, rows: list[np.ndarray]) -> list[tuple[int, np.ndarray]]:
    return [(step * (index + 1), posteriors) for index, posteriors in enumerate(rows)]


# 64ths: sums and means are exact, in whatever order
posteriors = st.lists(st.integers(0, 64), min_size=5, max_size=5).map(lambda values: np.array(values) / 64)


@given(st.lists(st.tuples(st.integers(1, 900), posteriors), max_size=40))
def test_detections_are_those_of_the_definition(native: Native, steps):
    rows, sample = [], 0
    for step, values in steps:
        sample += step
        rows.append((sample, values))
    assert native.run(rows) == expected(rows)


def test_nothing_is_reported_before_the_mean_is_full(native: Native):
    """Three certain frames of four have a mean above the threshold, but the fourth is still to come."""
    assert native.run(every(100, [row(KEYWORD, 1)] * 3)) == []
    assert native.run(every(100, [row(KEYWORD, 1)] * 4)) == [(KEYWORD, 1.0, 400)]


def test_after_a_detection_it_is_deaf_for_the_refractory_time_and_no_sample_longer(native: Native):
    start = [(index, row(KEYWORD, 1)) for index in range(1, 5)]
    first = (KEYWORD, 1.0, 4)
    assert native.run([*start, (4 + REFRACTORY - 1, row(KEYWORD, 1))]) == [first]
    assert native.run([*start, (4 + REFRACTORY, row(KEYWORD, 1))]) == [first, (KEYWORD, 1.0, 4 + REFRACTORY)]


def test_a_mean_at_the_threshold_counts_and_one_below_does_not(native: Native):
    assert native.run(every(100, [row(OTHER, 0.5)] * 4)) == [(OTHER, 0.5, 400)]
    assert native.run(every(100, [row(OTHER, 0.5)] * 3 + [row(OTHER, 31 / 64)])) == []


def test_silence_and_unknown_words_are_never_reported(native: Native):
    assert native.labels[:2] == ("_silence_", "_unknown_")
    assert native.run(every(100, [row(0, 1)] * 8)) == native.run(every(100, [row(1, 1)] * 8)) == []


def test_a_posterior_that_is_not_a_number_is_never_a_detection(native: Native):
    assert native.run(every(100, [np.full(5, np.nan)] * 8)) == []


@given(st.lists(st.floats(-1e4, 1e4, width=32), min_size=5, max_size=5))
def test_softmax_of_logits_of_any_size_is_a_distribution(native: Native, logits: list[float]):
    found = native.ffi.new("float[5]")
    native.lib.softmax(logits, 5, found)
    exact = np.exp(np.array(logits) - max(logits))
    np.testing.assert_allclose(list(found), exact / exact.sum(), atol=1e-6)


def test_softmax_of_large_logits_does_not_overflow(native: Native):
    found = native.ffi.new("float[5]")
    native.lib.softmax([1000.0, 999.0, -1000.0, 0.0, 1000.0], 5, found)
    np.testing.assert_allclose(list(found), np.array([1, np.exp(-1), 0, 0, 1]) / (2 + np.exp(-1)), atol=1e-6)
