"""How long words last in recordings, before any is cut to a clip."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.corpus.audio import read_audio
from pipeline.corpus.data import SAMPLE_RATE

_FRAME = SAMPLE_RATE // 100
_SHARE = 0.95  # of the energy above the background
_LONGER = 0.1  # of the words may be longer than what is said to be enough
_LOOKED_AT = 200
_SHORTEST_CLIP, _USUAL_CLIP, _LONGEST_CLIP = 1.0, 1.5, 3.0  # seconds
_STEP_SECONDS = 0.5
_MARGIN_SECONDS = 0.3  # augmentation shifts words, and a network wants some context


def spoken_seconds(pcm: NDArray[np.int16]) -> float:
    """Length of the middle 95 % of the energy above the background's in int16 ``[T]``."""
    frames = pcm[: len(pcm) // _FRAME * _FRAME].reshape(-1, _FRAME).astype(np.float64)
    energy = (frames**2).sum(axis=1)
    above = np.cumsum(np.maximum(energy - 2 * np.quantile(energy, 0.2), 0)) if len(energy) else np.zeros(1)
    if above[-1] == 0:
        return 0.0
    first, last = np.searchsorted(above, np.array([(1 - _SHARE) / 2, (1 + _SHARE) / 2]) * above[-1])
    return float(last - first + 1) * _FRAME / SAMPLE_RATE


def clip_seconds(root: Path, names: Sequence[str]) -> float:
    """Clip length, in half seconds, for recordings of words; of many only some are read.

    It is 1 s for recordings that last no longer, as Speech Commands' do; else 1.5 s, or what nine of ten words fit into
    with some room around, up to 3 s.

    Raises:
        CorpusError: a recording cannot be read.
    """
    recordings = [read_audio(root / name) for name in names[:: max(1, len(names) // _LOOKED_AT)]]
    most = 1 - _LONGER
    if np.quantile([len(pcm) for pcm in recordings], most) <= 1.05 * SAMPLE_RATE:
        return _SHORTEST_CLIP
    needed = float(np.quantile([spoken_seconds(pcm) for pcm in recordings], most)) + _MARGIN_SECONDS
    return min(_LONGEST_CLIP, max(_USUAL_CLIP, math.ceil(needed / _STEP_SECONDS) * _STEP_SECONDS))
