"""Thresholds are chosen on one split and judged on another; words and rates agree with counting by hand."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.training.threshold import WordResult, at_threshold, choose_threshold

NAMES = ("_silence_", "_unknown_", "one", "two")


def logits_of(*posteriors: tuple[float, float, float, float]) -> np.ndarray:
    return np.log(np.array(posteriors) + 1e-9).astype(np.float32)


def others(scores: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Clips of other words whose keyword posteriors are ``scores``."""
    return logits_of(*((0, 1 - score, score, 0) for score in scores)), np.ones(len(scores), np.int64)


def test_the_smallest_threshold_that_lets_the_share_through():
    logits, labels = others([i / 400 for i in range(1, 201)])  # .0025 to .5: two of 200 are 1 %
    keyword = logits_of((0, 0.504, 0.496, 0), (0, 0.1, 0.9, 0))
    logits, labels = np.vstack([logits, keyword]), np.append(labels, [2, 2])
    assert choose_threshold(logits, labels) == pytest.approx(0.496)  # .4975 and .5 reach it
    assert choose_threshold(logits, labels, 0.5) == pytest.approx(101 / 400)
    assert choose_threshold(logits, labels, 0.0) == pytest.approx(0.9)


def test_silence_is_no_negative():
    logits, labels = others([0.1, 0.2])
    loud = logits_of((0.01, 0, 0.99, 0))
    assert choose_threshold(np.vstack([logits, loud]), np.append(labels, 0)) > 0.99
    point = at_threshold(np.vstack([logits, loud]), np.append(labels, 0), ("a", "a", "hum"), NAMES, 0.15)
    assert point.false_accept_rate == pytest.approx(1 / 2)


def test_words_by_hand():
    logits = logits_of(
        (0, 0.1, 0.9, 0),  # one, heard
        (0, 0.6, 0.4, 0),  # one, too faint
        (0, 0.1, 0.2, 0.7),  # one, taken for two
        (0, 0.1, 0.3, 0.6),  # the same again
        (0, 0.1, 0.1, 0.8),  # two, heard
        (0, 0.3, 0, 0.7),  # another word, accepted
        (0, 0.9, 0.1, 0),  # another word, not accepted
        (0.9, 0, 0, 0.1),  # silence
    )
    labels = np.array([2, 2, 2, 2, 3, 1, 1, 0])
    speakers = ("ann", "ann", "bob", "bob", "cy", "cy", "ann", "hum")
    point = at_threshold(logits, labels, speakers, NAMES, 0.5)
    assert point.words == (WordResult("one", 4, 2, 3, 0, (("two", 2),)), WordResult("two", 1, 1, 0, 1, ()))
    assert point.miss_rate == pytest.approx(3 / 5)
    assert point.speaker_miss_rate == pytest.approx((1 / 2 + 1 + 0) / 3)  # ann one of two, bob both, cy none
    assert point.false_accept_rate == pytest.approx(1 / 2)


def test_a_threshold_from_one_split_can_let_more_through_on_another():
    validation, labels = others([0.1, 0.2, 0.3])
    threshold = choose_threshold(validation, labels)
    test, labels = others([0.1, 0.999999, 0.3, 0.4])
    assert at_threshold(test, labels, ("a",) * 4, NAMES, 0.35).false_accept_rate == pytest.approx(0.5)
    assert at_threshold(test, labels, ("a",) * 4, NAMES, threshold).false_accept_rate <= 0.25


def test_a_split_without_other_words_has_no_false_accepts():
    point = at_threshold(logits_of((0, 0, 1, 0)), np.array([2]), ("a",), NAMES, 0.5)
    assert np.isnan(point.false_accept_rate)
    assert (point.miss_rate, point.speaker_miss_rate) == (0, 0)
