"""Kept posteriors through the detector give what listening itself gives, to the bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.listening.host import HostListener
from pipeline.listening.streams import Stream
from pipeline.tuning.process import tuned
from pipeline.tuning.replay import Setting, hear, replay, smoothed
from tests.device.test_audio import MODEL, audio

PCM = audio(6)
HEARD = hear(MODEL, Stream("noise", PCM))


@pytest.mark.parametrize("smoothing", [1, 2, 3, 7, 16])
@pytest.mark.parametrize("thresholds", [(0.3, 0.3, 0.3), (0.35, 0.9, 0.4), (1e-6, 1.0, 0.5)])
def test_replay_is_the_live_detector(smoothing: int, thresholds: tuple[float, ...]) -> None:
    setting = Setting(thresholds, smoothing, MODEL.detector.refractory_ms)
    steps, events = HostListener(tuned(MODEL, setting)).push(PCM)
    assert replay(HEARD, setting) == events
    if smoothing < 16:
        assert events
    scores = np.array([step.scores for step in steps], np.float32)
    assert np.array_equal(smoothed(HEARD, smoothing), np.nan_to_num(scores))
    assert [step.sample for step in steps] == HEARD.samples.tolist()


def test_the_deaf_time_counts() -> None:
    low = (1e-6,) * 3
    gaps = np.diff([event.sample for event in replay(HEARD, Setting(low, 1, 500))])
    assert gaps.min() >= 8000
    assert len(replay(HEARD, Setting(low, 1, 0))) == len(HEARD.samples)


def test_silence_too_short_for_a_step() -> None:
    heard = hear(MODEL, Stream("short", PCM[:100]))
    assert heard.posteriors.shape == (0, 3)
    assert replay(heard, Setting((0.5,) * 3, 2, 0)) == []


def test_tuning_changes_the_detector_alone() -> None:
    changed = tuned(MODEL, Setting((0.1, 0.2, 0.3), 5, 1000))
    assert changed.detector.thresholds == (0.1, 0.2, 0.3)
    assert changed.detector.smoothing_frames == 5
    assert replace(changed, detector=MODEL.detector) == MODEL
