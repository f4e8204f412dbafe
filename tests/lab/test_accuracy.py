"""Means over seeds, by hand: three speakers, two seeds, one of the models better than float, one worse."""

from __future__ import annotations

import numpy as np
import pytest

from lab.accuracy import CLEAN, Answers, Truth, markdown, summarise

# silence, unknown, then two keywords
LABELS = np.array([2, 2, 2, 3, 1, 1, 1, 0])
SPEAKERS = np.array(["ann", "ann", "ann", "bob", "cy", "cy", "cy", "fan"])
TRUTH = Truth(LABELS, SPEAKERS, np.array([False] * 5 + [True] * 2 + [False]))


def logits(*said: tuple[int, float]) -> np.ndarray:
    """Rows in which a label has nearly all of the given logit."""
    rows = np.zeros((len(said), 4), np.float32)
    for row, (label, strength) in zip(rows, said, strict=True):
        row[label] = strength
    return rows


RIGHT = logits((2, 9), (2, 8), (2, 7), (3, 9), (1, 9), (1, 9), (2, 6), (0, 9))
"""Every keyword is right, and louder than the one other word that is taken for one."""
WORSE = logits((2, 9), (2, 8), (1, 9), (2, 9), (1, 9), (1, 9), (2, 8.5), (0, 9))
"""One clip of ann's is lost, bob's is taken for the other word; hers of 8 lies below the loudest other word."""
VALIDATION = logits((2, 9), (1, 9), (2, 5), (3, 5.5)), np.array([2, 1, 1, 3])


def answers(one: np.ndarray) -> Answers:
    return Answers(TRUTH, {CLEAN: one}, *VALIDATION)


def test_seeds_are_averaged_and_compared_with_float_clip_by_clip():
    rows, _ = summarise(
        [
            {"float32": answers(RIGHT), "2-bit": answers(WORSE)},
            {"float32": answers(WORSE), "2-bit": answers(WORSE)},
        ]
    )
    whole, low = rows
    assert (whole.condition, whole.weights, low.weights) == (CLEAN, "float32", "2-bit")
    assert whole.by_seed == (1.0, 0.5)
    assert whole.recognised.value == pytest.approx(0.75)
    assert whole.per_speaker.value == pytest.approx((5 / 6 + 1 / 2) / 2)  # ann 1 and 2/3, bob 1 and 0
    assert whole.missed_by_seed == (0.0, 0.75)
    assert low.missed_by_seed == (0.75, 0.75)
    assert low.gain.value == pytest.approx(-0.25)
    assert low.excess.value == pytest.approx(0.375)
    # bob alone loses 1 and 0 of his clip, ann 1/3 and 0 of hers: what resampling can find lies between
    assert (low.gain.low, low.gain.high) == (pytest.approx(-0.5), pytest.approx(-1 / 6))


def test_a_threshold_from_validation_shows_what_it_lets_through():
    _, (threshold,) = summarise([{"float32": answers(RIGHT)}])
    # the loudest other word of validation has 5, the next keyword 5.5: the unseen word of 6 is let through
    assert threshold.missed == 0
    assert threshold.accepted == pytest.approx(1 / 3)
    assert threshold.accepted_unseen == pytest.approx(1 / 2)


def test_tables_are_in_per_cent():
    text = markdown(*summarise([{"float32": answers(RIGHT)}, {"float32": answers(WORSE)}]))
    assert "| as recorded | float32 | 75.0 [" in text
    assert "| 100.0 50.0 |" in text
    assert "| float32 | 25.0 | 33.3 | 50.0 |" in text
