"""Kept posteriors through the detector give what listening itself gives, to the bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.listening.host import HostListener
from pipeline.listening.streams import Stream
from pipeline.tuning.replay import Setting, replay, smoothed
from pipeline.tuning.spotters import QuantizedSpotter
from tests.device.test_audio import MODEL, audio

PCM = audio(6)
HEARD = QuantizedSpotter(MODEL, 4).hear(Stream("noise", PCM))


@pytest.mark.parametrize("smoothing", [1, 2, 3, 7, 16])
@pytest.mark.parametrize("thresholds", [(0.3, 0.3, 0.3), (0.35, 0.9, 0.4), (1e-6, 1.0, 0.5)])
def test_replay_is_the_live_detector(smoothing: int, thresholds: tuple[float, ...]) -> None:
    setting = Setting(thresholds, smoothing, MODEL.detector.refractory_ms)
    detector = MODEL.detector.model_copy(update={"thresholds": thresholds, "smoothing_frames": smoothing})
    steps, events = HostListener(replace(MODEL, detector=detector)).push(PCM)
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
    heard = QuantizedSpotter(MODEL, 4).hear(Stream("short", PCM[:100]))
    assert heard.posteriors.shape == (0, 3)
    assert replay(heard, Setting((0.5,) * 3, 2, 0)) == []
