"""The same clips in noise or with half of the band: how much of the accuracy is left where people live."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import soxr  # type: ignore[import-untyped]
from numpy.typing import NDArray

from pipeline.config import Frontend
from pipeline.corpus import SAMPLE_RATE
from pipeline.corpus.audio import to_int16
from pipeline.training.dataset import centred_features


def features_in_noise(
    power: NDArray[np.float32], noise: Sequence[NDArray[np.float32]], snr_db: float, settings: Frontend, seed: int = 0
) -> NDArray[np.int8]:
    """int8 ``[n, inputs]`` of clips with noise added at one signal-to-noise ratio, in the mel-power domain.

    Args:
        power: mel power of the clips, float32 ``[n, hops, bands]``.
        noise: mel power ``[hops, bands]`` of recordings; those shorter than a clip are not used.
        snr_db: mean power of the whole clip over that of the noise added to it, in decibels.

    Raises:
        ValueError: no recording is as long as a clip.
    """
    hops = power.shape[1]
    long_enough = [recording for recording in noise if len(recording) >= hops and recording.any()]
    if not long_enough:
        raise ValueError(f"no noise recording has {hops} hops")
    rng = np.random.default_rng(seed)
    mixed = np.array(power)
    for clip in mixed:
        recording = long_enough[rng.integers(len(long_enough))]
        start = rng.integers(len(recording) - hops + 1)
        added = recording[start : start + hops]
        gain = clip.mean(dtype=np.float64) / max(float(added.mean(dtype=np.float64)), 1e-3) / 10 ** (snr_db / 10)
        clip += added * np.float32(gain)
    return centred_features(mixed, settings)


_LOUDEST = 12_000


def babble(
    speech: Sequence[NDArray[np.int16]], voices: int = 6, seconds: float = 60.0, seed: int = 0
) -> NDArray[np.int16]:
    """People talking at once, int16 ``[samples]`` at 16 kHz: each voice is recordings one after another, equally loud.

    Raises:
        ValueError: every recording is silent.
    """
    heard = [recording for recording in speech if recording.any()]
    if not heard:
        raise ValueError("no recording to make babble of")
    rng = np.random.default_rng(seed)
    samples = round(seconds * SAMPLE_RATE)
    mix = np.zeros(samples)
    for _ in range(voices):
        voice = np.zeros(0)
        while len(voice) < samples + SAMPLE_RATE:
            one = heard[rng.integers(len(heard))].astype(np.float64)
            voice = np.append(voice, one / np.sqrt(np.mean(one**2)))
        start = rng.integers(SAMPLE_RATE)  # recordings begin with silence: not all voices at once
        mix += voice[start : start + samples]
    return np.asarray(np.rint(mix * _LOUDEST / np.abs(mix).max()), np.int16)


def narrow_band(pcm: NDArray[np.int16]) -> NDArray[np.int16]:
    """What is left of int16 ``[n, samples]`` at 16 kHz by a recording at 8 kHz: nothing above 4 kHz."""
    narrow = soxr.resample(pcm.T / 32768.0, SAMPLE_RATE, SAMPLE_RATE // 2)
    return to_int16(soxr.resample(narrow, SAMPLE_RATE // 2, SAMPLE_RATE).T[:, : pcm.shape[1]])
