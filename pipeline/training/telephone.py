"""Telephone lines: the one that models are judged over, and those of many kinds that training hears."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from pipeline.config import Frontend
from pipeline.corpus import SAMPLE_RATE
from pipeline.corpus.audio import to_int16
from pipeline.frontend import mel_power

_JUDGED_HZ = (300.0, 3400.0)
_MU = 255.0

_LOW_HZ = (200.0, 400.0)
_HIGH_HZ = (3200.0, 3800.0)
_LEVEL_DB = (-10.0, 10.0)
_STOP_BAND_DB = (35.0, 60.0)
_BUTTERWORTH_ORDERS = (3, 8)
_DRAW = 8  # its place among the random numbers


def telephone(pcm: NDArray[np.int16]) -> NDArray[np.int16]:
    """What a telephone leaves of int16 ``[n, samples]`` at 16 kHz: 300 to 3400 Hz at 8 kHz, in 8 bits (mu-law, as in
    ITU-T G.711)."""
    return _coded(_only(pcm / 32768.0, *_JUDGED_HZ))


def any_line(pcm: NDArray[np.int16], rng: np.random.Generator) -> NDArray[np.int16]:
    """Speech over a line drawn at random, int16 ``[samples]`` at 16 kHz: its band and level differ, and its filter.

    A third of the lines have an elliptic filter, a third a Butterworth filter, whose slope may be so gentle that some
    of what is above 4 kHz folds back, as in cheap handsets. A third have one that ends at once, and so rings.
    """
    low, high = (np.exp(rng.uniform(*np.log(edges))) for edges in (_LOW_HZ, _HIGH_HZ))
    speech = pcm / 32768.0 * 10 ** (rng.uniform(*_LEVEL_DB) / 20)
    stop_band, order = rng.uniform(*_STOP_BAND_DB), rng.integers(*_BUTTERWORTH_ORDERS, endpoint=True)
    kind, band = rng.integers(3), {"btype": "bandpass", "fs": SAMPLE_RATE, "output": "sos"}
    if kind == 0:
        return _coded(_only(speech, low, high))
    if kind == 1:
        filters = signal.ellip(6, 0.5, stop_band, (low, high), **band)
    else:
        filters = signal.butter(int(order), (low, high), **band)
    return _coded(signal.sosfilt(filters, speech))


def over_lines(pcm: NDArray[np.int16], number: int, lines: int, settings: Frontend) -> list[NDArray[np.float32]]:
    """Mel power of a clip over each of so many lines, float32 ``[hops, bands]``: those of its number in its split."""
    rng = np.random.default_rng([_DRAW, number])
    return [mel_power(any_line(pcm, rng), settings) for _ in range(lines)]


def _only(speech: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """What is between two frequencies in hertz, and nothing else."""
    samples = speech.shape[-1]
    spectrum = np.fft.rfft(speech)
    frequency = np.fft.rfftfreq(samples, 1 / SAMPLE_RATE)
    spectrum[..., (frequency < low) | (frequency > high)] = 0
    return np.fft.irfft(spectrum, samples)


def _coded(speech: NDArray[np.float64]) -> NDArray[np.int16]:
    """Speech between -1 and 1 in 8 bits of mu-law at 8 kHz and back at 16 kHz, int16."""
    samples = speech.shape[-1]
    slow = np.clip(speech[..., ::2], -1, 1)
    compressed = np.rint(127 * np.sign(slow) * np.log1p(_MU * np.abs(slow)) / np.log1p(_MU)) / 127
    spoken = np.sign(compressed) * np.expm1(np.abs(compressed) * np.log1p(_MU)) / _MU
    length = 2 * slow.shape[-1]
    fast = np.zeros((*slow.shape[:-1], length // 2 + 1), complex)
    half = np.fft.rfft(spoken)
    fast[..., : half.shape[-1]] = 2 * half
    return to_int16(np.fft.irfft(fast, length)[..., :samples])
