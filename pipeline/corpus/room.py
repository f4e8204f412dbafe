"""What lies between a mouth and a recording: room, microphone, level, place in the clip."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.corpus.data import SAMPLE_RATE

Speech = NDArray[np.float32]

_FADE = SAMPLE_RATE // 200
_KNOTS_HZ = np.array([50.0, 200.0, 500.0, 1200.0, 2500.0, 5000.0, 8000.0])
_DARKEST_DB = np.array([-6.0, -6.0, -6.0, -6.0, -6.0, -4.0, -4.0])
_BRIGHTEST_DB = np.array([6.0, 6.0, 6.0, 6.0, 8.0, 14.0, 18.0])


def impulse_response(rng: np.random.Generator) -> Speech:
    """A room's: the direct sound, then exponentially decaying noise that darkens, 0.1 to 0.6 s long."""
    seconds = rng.uniform(0.1, 0.6)
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tail = rng.normal(size=len(time)) * 10 ** (-3 * time / seconds)
    darken = rng.uniform(0.0, 0.7)
    for i in range(1, len(tail)):
        tail[i] += darken * (tail[i - 1] - tail[i])
    tail[: int(rng.uniform(0.001, 0.01) * SAMPLE_RATE)] = 0
    level = 10 ** (rng.uniform(-20, 0) / 20)  # of the reverberation against the direct sound
    response = level * tail / max(1e-9, float(np.sqrt(np.sum(tail**2))))
    response[0] += 1.0
    return np.asarray(response, np.float32)


def colour(speech: Speech, rng: np.random.Generator) -> Speech:
    """A microphone's: a random smooth equalisation, and with some chance a narrow band as of a telephone.

    Mostly brighter than the synthesiser, whose fricatives are weak beside those of people close to a microphone.
    """
    size = _fast(len(speech))
    spectrum = np.fft.rfft(speech, size)
    frequency = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    decibels = rng.uniform(_DARKEST_DB, _BRIGHTEST_DB)
    curve = np.interp(np.log(np.maximum(frequency, 50)), np.log(_KNOTS_HZ), decibels)
    gain = 10 ** (curve / 20)
    if rng.random() < 0.15:
        gain /= np.sqrt(1 + (frequency / rng.uniform(3200, 7000)) ** 16)
    if rng.random() < 0.5:
        gain *= 1 / np.sqrt(1 + (rng.uniform(60, 300) / np.maximum(frequency, 1)) ** 4)
    return np.asarray(np.fft.irfft(spectrum * gain, size)[: len(speech)], np.float32)


def reverberate(speech: Speech, response: Speech) -> Speech:
    """The speech as heard in the room, tail included."""
    length = len(speech) + len(response) - 1
    size = _fast(length)
    return np.asarray(np.fft.irfft(np.fft.rfft(speech, size) * np.fft.rfft(response, size), size)[:length], np.float32)


def _fast(length: int) -> int:
    """A transform size without large prime factors."""
    return -(-length // 2048) * 2048


def place(speech: Speech, word: int, samples: int, rng: np.random.Generator, jitter: float) -> Speech:
    """A clip whose middle is that of the first ``word`` samples of speech, at most ``jitter`` seconds off.

    Reverberation after the word does not move it; what does not fit is cut off at both ends.
    """
    start = (samples - word) // 2
    if start >= 0:
        start = min(max(start + int(rng.uniform(-jitter, jitter) * SAMPLE_RATE), 0), samples - word)
    first, last = max(0, -start), min(len(speech), samples - start)
    part = speech[first:last].copy()
    ramp = np.linspace(0, 1, _FADE, dtype=np.float32)
    if first > 0:
        part[:_FADE] *= ramp
    if last < len(speech):
        part[-_FADE:] *= ramp[::-1]
    clip = np.zeros(samples, np.float32)
    clip[start + first : start + last] = part
    return clip


def record(clip: Speech, noise: Speech, rng: np.random.Generator, *, snr_db: tuple[float, float]) -> NDArray[np.int16]:
    """Speech plus noise at a random level and ratio, as int16; never digital silence."""
    loudness = 10 ** (rng.uniform(-40, -16) / 20)
    active = clip[np.abs(clip) > 0.01 * np.max(np.abs(clip))]
    power = float(np.mean(active.astype(np.float64) ** 2)) if len(active) else 1.0
    noise_power = max(float(np.mean(noise.astype(np.float64) ** 2)), 1e-12)
    gain = np.sqrt(power / noise_power) * 10 ** (-rng.uniform(*snr_db) / 20)
    mixed = (clip + gain * noise) * (loudness / np.sqrt(power)) * 32768
    mixed += rng.normal(0, np.exp(rng.uniform(np.log(0.3), np.log(3.0))), len(mixed))
    return np.asarray(np.clip(np.rint(mixed), -32768, 32767), np.int16)
