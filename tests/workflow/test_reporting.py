"""Where figures come from: the threshold from the validation split, everything else from the test split."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.workflow.data import HeldOut, HeldOutClips
from pipeline.workflow.reporting import Judgement

LABELS = ("_silence_", "_unknown_", "word")


def clips(
    keywords: list[float], others: list[float], speakers: tuple[str, ...] = ()
) -> tuple[HeldOutClips, np.ndarray]:
    """Clips whose posteriors of the keyword are given, and their logits; Ann says them, or who is named."""
    posteriors = np.array(keywords + others)
    labels = np.array([2] * len(keywords) + [1] * len(others), np.int64)
    logits = np.log(np.stack([0 * posteriors + 1e-9, 1 - posteriors, posteriors], axis=1)).astype(np.float32)
    features = np.zeros((len(labels), 4), np.int8)
    return HeldOutClips(
        features, labels, speakers or ("ann",) * len(labels), "clips", None, np.zeros((len(labels), 1), np.int16)
    ), logits


def test_the_threshold_is_the_validation_split_s_and_misses_are_the_test_split_s():
    validation, heard = clips([0.3, 0.9], [0.1, 0.2])  # nothing but keywords from 0.3 on
    test, logits = clips([0.2, 0.4, 0.6, 0.8], [0.1, 0.5], ("ann", "bob", "bob", "bob", "cy", "cy"))
    judged = Judgement.of(logits, heard, HeldOut(test, validation), LABELS)
    row = judged.row("4-bit", "host", "QAT", 4, 1000)
    assert row.threshold == pytest.approx(0.3)
    assert (row.miss, row.false_accept) == (0.25, 0.5)
    assert row.speaker_miss == 0.5  # Ann's one clip is missed, none of Bob's three
    assert row.miss_at_1 == 0.5  # from 0.6 on, where none of the test split's other words is let through
    assert row.keyword == 0.5  # larger than unknown, at no threshold
