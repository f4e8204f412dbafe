"""How long words last, and the clips that they want."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.corpus.length import clip_seconds, spoken_seconds

RATE = 16_000


def word(seconds: float, whole: float) -> np.ndarray:
    """A tone of that length somewhere in faint noise."""
    pcm = np.random.default_rng(1).normal(0, 20, round(whole * RATE))
    start = (len(pcm) - round(seconds * RATE)) // 3
    pcm[start : start + round(seconds * RATE)] += 6000 * np.sin(0.3 * np.arange(round(seconds * RATE)))
    return pcm.astype(np.int16)


@pytest.mark.parametrize(("seconds", "whole"), [(0.4, 1.0), (0.4, 6.0), (1.7, 3.0)])
def test_a_tone_is_as_long_as_it_is(seconds: float, whole: float) -> None:
    assert spoken_seconds(word(seconds, whole)) == pytest.approx(0.95 * seconds, abs=0.02)


def test_silence_says_nothing() -> None:
    assert spoken_seconds(np.zeros(RATE, np.int16)) == 0
    assert spoken_seconds(np.zeros(3, np.int16)) == 0


@pytest.mark.parametrize(
    ("seconds", "whole", "clip"),
    [
        (0.5, 1.0, 1.0),  # as in Speech Commands
        (0.5, 2.0, 1.5),
        (1.2, 4.0, 1.5),  # 1.14 s and .3 s of room
        (1.5, 4.0, 2.0),
        (5.0, 9.0, 3.0),
    ],
)
def test_clips_hold_nine_of_ten_words(seconds: float, whole: float, clip: float, tmp_path: Path) -> None:
    names = [f"{number}.wav" for number in range(20)]
    for name in names[:19]:
        soundfile.write(tmp_path / name, word(seconds, whole), RATE)
    soundfile.write(tmp_path / names[19], word(8.0, 10.0), RATE)  # one that somebody forgot to stop
    assert clip_seconds(tmp_path, names) == clip
