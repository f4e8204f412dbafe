"""Background noise: disjoint regions per split, silence clips cropped from them, and synthetic noises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.corpus.data import SAMPLE_RATE, SPLITS, SplitName

Recording = tuple[str, NDArray[np.int16]]
"""A name and int16 samples."""

_SHARES = {"training": 0.8, "validation": 0.1, "testing": 0.1}
_QUIETEST_DB = -20.0


def split_noise(recordings: Sequence[Recording], shortest: int) -> Mapping[SplitName, list[Recording]]:
    """Cuts every recording in three, 80 % for training; one too short for it goes whole to the split with least noise.

    Args:
        shortest: samples below which a region is no use.
    """
    regions: dict[SplitName, list[Recording]] = {name: [] for name in SPLITS}
    for name, pcm in sorted(recordings, key=lambda recording: -len(recording[1])):
        if len(pcm) * min(_SHARES.values()) >= shortest:
            start = 0
            for split in SPLITS:
                stop = start + int(len(pcm) * _SHARES[split])
                regions[split].append((name, pcm[start:stop]))
                start = stop
        else:
            neediest = min(SPLITS, key=lambda split: sum(len(r) for _, r in regions[split]) / _SHARES[split])
            regions[neediest].append((name, pcm))
    return regions


def silence_clips(
    regions: Sequence[Recording], count: int, samples: int, rng: np.random.Generator
) -> tuple[NDArray[np.int16], list[str]]:
    """Random crops of noise at random levels, int16 ``[count, samples]``, and the recording that each came from."""
    clips = np.zeros((count, samples), np.int16)
    names = []
    weights = np.array([len(pcm) for _, pcm in regions], np.float64)
    for i, which in enumerate(rng.choice(len(regions), count, p=weights / weights.sum())):
        name, pcm = regions[which]
        if len(pcm) < samples:
            pcm = np.tile(pcm, -(-samples // len(pcm)))
        start = int(rng.integers(0, len(pcm) - samples + 1))
        gain = 10 ** (rng.uniform(_QUIETEST_DB, 0) / 20)
        clips[i] = np.rint(pcm[start : start + samples] * gain)
        names.append(name)
    return clips, names


def coloured_noise(seconds: float, seed: int) -> list[Recording]:
    """Synthetic noises of slowly changing level, from white to a power that falls with the square of frequency."""
    rng = np.random.default_rng(seed)
    samples = int(seconds * SAMPLE_RATE)
    frequency = np.maximum(np.fft.rfftfreq(samples, 1 / SAMPLE_RATE), 40.0)
    recordings = []
    for exponent in (0.0, 0.5, 1.0, 1.5, 2.0):
        spectrum = np.fft.rfft(rng.normal(size=samples)) * frequency ** (-exponent / 2)
        sound = np.fft.irfft(spectrum, samples)
        knots = rng.uniform(-8, 8, max(2, int(seconds)))
        level = np.interp(np.linspace(0, len(knots) - 1, samples), np.arange(len(knots)), knots)
        sound *= 10 ** (level / 20) * 1000 / np.sqrt(np.mean(sound**2))
        recordings.append((f"coloured_{exponent:.1f}", np.clip(np.rint(sound), -32768, 32767).astype(np.int16)))
    return recordings
