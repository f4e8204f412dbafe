"""Evaluation agrees with counting by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.training.evaluate import det_curve, evaluate

NAMES = ("_silence_", "_unknown_", "one", "two")


def logits_for(predictions, confidence=6.0) -> np.ndarray:
    return (np.eye(4, dtype=np.float32)[list(predictions)] * confidence).astype(np.float32)


def test_counts_by_hand():
    truth = np.array([0, 1, 1, 2, 2, 2, 3])
    predicted = [0, 1, 2, 2, 2, 3, 3]
    speakers = ("noise", "ann", "bob", "ann", "bob", "bob", "cy")
    result = evaluate(logits_for(predicted), truth, speakers, NAMES)
    assert result.keyword_accuracy.value == pytest.approx(3 / 4)
    assert result.speaker_keyword_accuracy.value == pytest.approx((1 + 1 / 2 + 1) / 3)
    assert result.accuracy_without_silence.value == pytest.approx(4 / 6)
    assert result.confusion == ((1, 0, 0, 0), (0, 1, 1, 0), (0, 0, 2, 1), (0, 0, 0, 1))


def test_det_curve_by_hand():
    # keyword posteriors, by construction: silence .99, which counts nowhere; other words .1 .2 .9; keywords .3 .95 and
    # one taken for the other keyword
    p = np.array(
        [
            [0.01, 0, 0.99, 0], [0, 0.9, 0.1, 0], [0, 0.8, 0.2, 0], [0, 0.1, 0.9, 0],
            [0.7, 0, 0.3, 0], [0.05, 0, 0.95, 0], [0, 0.04, 0.96, 0],
        ]
    )  # fmt: skip
    curve = det_curve(np.log(p + 1e-9).astype(np.float32), np.array([0, 1, 1, 1, 2, 2, 3]))
    at = dict(zip(np.round(curve.threshold, 3), zip(curve.false_accept, curve.false_reject, strict=True), strict=True))
    assert at[0.1] == pytest.approx((1, 1 / 3))
    assert at[0.3] == pytest.approx((1 / 3, 1 / 3))
    assert at[0.9] == pytest.approx((1 / 3, 2 / 3))
    assert at[0.95] == pytest.approx((0, 2 / 3))
    assert 0.99 not in at


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_curves_fall_and_intervals_hold_their_value(seed, n):
    rng = np.random.default_rng(seed)
    truth, scores = rng.integers(0, 4, n), rng.normal(size=(n, 4)).astype(np.float32)
    result = evaluate(scores, truth, [f"s{i}" for i in rng.integers(0, 5, n)], NAMES)
    assert np.all(np.diff(result.det.threshold) > 0)
    assert np.all(np.diff(result.det.false_accept) <= 0)
    assert np.all(np.diff(result.det.false_reject) >= 0)
    assert result.det.false_accept[-1] == 0
    assert result.det.false_reject[-1] == (1 if np.any(truth > 1) else 0)
    for estimate in (result.accuracy_without_silence, result.keyword_accuracy, result.speaker_keyword_accuracy):
        assert np.isnan(estimate.value) or 0 <= estimate.low <= estimate.high <= 1
    assert np.sum(result.confusion) == n


def test_an_interval_widens_with_fewer_speakers_for_as_many_clips():
    truth = np.full(200, 2)
    predicted = np.where(np.random.default_rng(0).random(20) < 0.5, 2, 1)
    many = evaluate(logits_for(np.resize(predicted, 200)), truth, [f"s{i % 200}" for i in range(200)], NAMES)
    few = evaluate(logits_for(np.repeat(predicted, 10)), truth, [f"s{i // 10}" for i in range(200)], NAMES)
    width = [r.keyword_accuracy.high - r.keyword_accuracy.low for r in (many, few)]
    assert width[1] > 2 * width[0]


def test_a_split_without_keywords_has_no_keyword_accuracy():
    result = evaluate(logits_for([0, 1]), np.array([0, 1]), ("a", "b"), NAMES)
    assert np.isnan(result.keyword_accuracy.value)


def test_arrays_that_do_not_go_together_are_refused():
    with pytest.raises(ValueError, match="3 labels"):
        evaluate(np.zeros((2, 4)), np.zeros(3), ("a",) * 3, NAMES)
