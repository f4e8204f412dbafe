"""The same clips in noise: how much of the accuracy is left where people live."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.config import Frontend
from pipeline.training.dataset import Clips, centred_features


def features_in_noise(
    clips: Clips, noise: Sequence[NDArray[np.float32]], snr_db: float, settings: Frontend, seed: int = 0
) -> NDArray[np.int8]:
    """int8 ``[n, inputs]`` of clips with noise added at one signal-to-noise ratio, in the mel-power domain.

    Args:
        noise: mel power ``[hops, bands]`` of recordings; those shorter than a clip are not used.
        snr_db: mean power of the whole clip over that of the noise added to it, in decibels.

    Raises:
        ValueError: no recording is as long as a clip.
    """
    hops = clips.power.shape[1]
    long_enough = [recording for recording in noise if len(recording) >= hops and recording.any()]
    if not long_enough:
        raise ValueError(f"no noise recording has {hops} hops")
    rng = np.random.default_rng(seed)
    mixed = np.array(clips.power)
    for clip in mixed:
        recording = long_enough[rng.integers(len(long_enough))]
        start = rng.integers(len(recording) - hops + 1)
        added = recording[start : start + hops]
        gain = clip.mean(dtype=np.float64) / max(float(added.mean(dtype=np.float64)), 1e-3) / 10 ** (snr_db / 10)
        clip += added * np.float32(gain)
    return centred_features(mixed, settings)
