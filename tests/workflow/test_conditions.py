"""The test clips under conditions: which there are, and that they are heard as such."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.config import Frontend
from pipeline.frontend import features
from pipeline.stages import Stages
from pipeline.workflow.conditions import conditions
from pipeline.workflow.data import HeldOutClips

SETTINGS = Frontend(context_frames=12)
TIME = np.arange(16_000) / 16_000


@pytest.fixture(scope="module")
def clips() -> HeldOutClips:
    """A keyword of 1 kHz, two other words, of 150 Hz and 5 kHz, and hiss between 4 and 8 kHz as silence."""
    tones = [8000 * np.sin(2 * np.pi * hertz * TIME) for hertz in (1000, 150, 5000)]
    spectrum = np.fft.rfft(np.random.default_rng(1).normal(size=16_000))
    spectrum[:4000] = 0
    hiss = np.fft.irfft(spectrum)
    pcm = np.rint(np.stack([*tones, 500 * hiss / np.abs(hiss).max()])).astype(np.int16)
    codes = np.stack([features(clip, SETTINGS) for clip in pcm])
    return HeldOutClips(codes, np.array([2, 1, 1, 0]), ("ann", "bob", "cy", "hiss"), "tones", None, pcm)


def test_every_condition_is_heard(clips: HeldOutClips, tmp_path: Path) -> None:
    found = {
        condition.name: condition.clips.features.reshape(4, 12, 20).astype(int)
        for condition in conditions(clips, SETTINGS, Stages(tmp_path))
    }
    noise, babble, telephone = found["in noise, 10 dB"], found["in babble, 10 dB"], found["over the telephone"]
    clean = clips.features.reshape(4, 12, 20).astype(int)
    high, low = slice(16, 20), slice(6, 9)  # bands above 4 kHz, and around 1 kHz
    assert (noise[0, :, high] > clean[0, :, high] + 20).all()
    assert np.abs(noise[0, :, low] - clean[0, :, low]).max() <= 3
    assert (babble[0].max(axis=0) > clean[0].max(axis=0) + 20).any()
    narrow = found["recorded at 8 kHz"]
    assert narrow[2].max() < clean[2].max() - 30
    assert np.abs(narrow[0, :, low] - clean[0, :, low]).max() <= 3
    assert narrow[1].max() > telephone[1].max() + 20  # only a telephone takes what is low
    assert telephone[2].max() < clean[2].max() - 30  # 5 kHz is beyond a telephone's band
    assert np.abs(telephone[0, :, low] - clean[0, :, low]).max() <= 3


def test_the_same_clips_otherwise_with_keys_of_their_own(clips: HeldOutClips, tmp_path: Path) -> None:
    stages = Stages(tmp_path)
    first, second = (conditions(clips, SETTINGS, stages) for _ in range(2))
    assert [stage.cached for stage in stages.finished] == [False, True]
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one.clips.features, other.clips.features)
        assert one.clips.labels is clips.labels
        assert one.clips.speakers is clips.speakers
    assert len({clips.key, *(condition.clips.key for condition in first)}) == 5


def test_what_a_split_lacks_is_left_out(clips: HeldOutClips, tmp_path: Path) -> None:
    without = replace(clips, labels=np.array([2, 2, 2, 2]))
    names = [found.name for found in conditions(without, SETTINGS, Stages(tmp_path))]
    assert names == ["recorded at 8 kHz", "over the telephone"]
