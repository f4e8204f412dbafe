"""Audio to judge a listener by, with the truth of what was said when, made reproducibly from clips and recordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.corpus.data import SAMPLE_RATE, UNKNOWN_LABEL, Split
from pipeline.corpus.noise import Recording

Pcm = NDArray[np.int16]
Floats = NDArray[np.float32]

_LEVEL_DB = (-32.0, -20.0)
"""RMS of speech against full scale: from across the room to close by."""
_GAP_SECONDS = (0.7, 2.5)
_CLEAN_SNR_DB = 40.0
_FADE = SAMPLE_RATE // 50
_FRAME = SAMPLE_RATE // 50
_ACTIVE_DB = -20.0


@dataclass(frozen=True)
class Spoken:
    """Something that is really said.

    Attributes:
        label: the keyword, or a name of what else it is.
        start, end: samples from the stream's start.
        speaker: whose voice it is, as far as that is known.
    """

    label: str
    start: int
    end: int
    speaker: str = ""


@dataclass(frozen=True)
class Stream:
    """Continuous audio and what is said in it.

    Attributes:
        pcm: int16 ``[samples]`` at 16 kHz.
        spoken: keywords in the order of time; empty: nothing in it is a keyword.
        others: what else is said.
    """

    name: str
    pcm: Pcm
    spoken: tuple[Spoken, ...] = ()
    others: tuple[Spoken, ...] = ()

    @property
    def hours(self) -> float:
        return len(self.pcm) / SAMPLE_RATE / 3600


def keyword_stream(
    split: Split, labels: Sequence[str], noise: Sequence[Recording], seed: int, *, snr_db: float | None = None
) -> Stream:
    """Every keyword clip of a split once, in random order, at random levels, with pauses of noise between.

    Args:
        labels: names of the classes.
        noise: recordings that lie under everything; none: white noise.
        snr_db: of each clip's active part against that noise; None for a quiet room (40 dB).
    """
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(np.flatnonzero(split.label > UNKNOWN_LABEL))
    pieces, spoken, at = [], [], 0
    for index in chosen:
        clip = split.pcm[index].astype(np.float32)
        gap = round(rng.uniform(*_GAP_SECONDS) * SAMPLE_RATE)
        first, last = active_part(clip)
        label = labels[int(split.label[index])]
        spoken.append(Spoken(label, at + gap + first, at + gap + last, split.speakers[index]))
        pieces.append(_in_noise(clip, gap, noise, snr_db, rng))
        at += len(pieces[-1])
    return Stream("keywords" if snr_db is None else f"keywords at {snr_db:g} dB", _joined(pieces), tuple(spoken))


def negative_stream(
    name: str, recordings: Sequence[Recording], noise: Sequence[Recording], seed: int, *, snr_db: float | None = None
) -> Stream:
    """Recordings without a keyword, in random order, with pauses of noise between; arguments as above."""
    rng = np.random.default_rng(seed)
    pieces, others, at = [], [], 0
    for index in rng.permutation(len(recordings)):
        what, pcm = recordings[index]
        gap = round(rng.uniform(*_GAP_SECONDS) * SAMPLE_RATE)
        pieces.append(_in_noise(pcm.astype(np.float32), gap, noise, snr_db, rng))
        others.append(Spoken(what, at + gap, at + len(pieces[-1])))
        at += len(pieces[-1])
    return Stream(name, _joined(pieces), others=tuple(others))


def active_part(clip: Floats) -> tuple[int, int]:
    """Where a clip's sound begins and ends: frames of 20 ms within 20 dB of the loudest."""
    frames = np.pad(clip, (0, -len(clip) % _FRAME)).reshape(-1, _FRAME).astype(np.float64)
    power = (frames**2).mean(axis=1)
    loud = np.flatnonzero(power >= power.max() * 10 ** (_ACTIVE_DB / 10))
    return int(loud[0]) * _FRAME, min((int(loud[-1]) + 1) * _FRAME, len(clip))


def _in_noise(
    clip: Floats, gap: int, noise: Sequence[Recording], snr_db: float | None, rng: np.random.Generator
) -> Floats:
    """A pause and then the clip at a random level, with noise under both, float32 in units of int16."""
    first, last = active_part(clip)
    power = float(np.mean(clip[first:last].astype(np.float64) ** 2))
    target = (10 ** (rng.uniform(*_LEVEL_DB) / 20) * 32768) ** 2
    under = _crop(noise, gap + len(clip), rng)
    ratio = 10 ** (-(_CLEAN_SNR_DB if snr_db is None else snr_db) / 10)
    out = under * np.float32(np.sqrt(target * ratio / max(float(np.mean(under.astype(np.float64) ** 2)), 1e-9)))
    ramp = np.minimum(1, np.minimum(np.arange(len(clip)), np.arange(len(clip))[::-1]) / _FADE).astype(np.float32)
    out[gap:] += clip * ramp * np.float32(np.sqrt(target / max(power, 1e-9)))
    return np.asarray(out, np.float32)


def _crop(noise: Sequence[Recording], samples: int, rng: np.random.Generator) -> Floats:
    if not noise:
        return rng.standard_normal(samples, np.float32)
    _, pcm = noise[int(rng.integers(len(noise)))]
    start = int(rng.integers(len(pcm)))
    return np.take(pcm, np.arange(start, start + samples), mode="wrap").astype(np.float32)


def _joined(pieces: Sequence[Floats]) -> Pcm:
    whole = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
    return np.clip(np.rint(whole), -32768, 32767).astype(np.int16)
