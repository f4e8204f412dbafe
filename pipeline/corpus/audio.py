"""One audio file to a clip of fixed length."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import soundfile
import soxr  # type: ignore[import-untyped]
from numpy.typing import NDArray

from pipeline.corpus.data import SAMPLE_RATE
from pipeline.errors import CorpusError

SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff"})

RATES = (4_000, 384_000)
"""Sample rates in Hz that are believed; a header outside of them is damaged."""

_FRAME = 512
_SHORTEST_SECONDS = 0.05
_BEYOND = 0.01  # share of samples beyond full scale from which they are no clipped peaks
_LISTED_ERRORS = 5


def read_audio(path: Path) -> NDArray[np.int16]:
    """Decodes a whole file of any rate and channel count to 16 kHz mono int16.

    Raises:
        CorpusError: the file is missing, empty, cut off, or no audio, or its numbers are of another scale; names it.
    """
    hint = "replace or delete the file"
    try:
        if path.stat().st_size == 0:
            raise CorpusError(f"{path} is empty (0 bytes)", hint)
        with soundfile.SoundFile(path) as file:
            rate, channels, declared = file.samplerate, file.channels, file.frames
            if not RATES[0] <= rate <= RATES[1]:
                raise CorpusError(f"{path} says it has {rate} samples a second", hint)
            exact = file.subtype == "PCM_16" and channels == 1 and rate == SAMPLE_RATE
            samples = file.read(dtype="int16" if exact else "float32", always_2d=True)
            cut = _cut_off(file.extra_info) or len(samples) < declared
    except (OSError, soundfile.SoundFileError, MemoryError, ValueError) as error:  # what a damaged length leads to
        raise CorpusError(f"{path} is not readable audio: {error or 'its header is damaged'}", hint) from None
    if cut:
        raise CorpusError(f"{path} is cut off: its header promises more audio than the file holds", hint)
    if len(samples) < _SHORTEST_SECONDS * rate:
        raise CorpusError(f"{path} holds {len(samples)} samples of audio", hint)
    if exact:
        return np.asarray(samples[:, 0], np.int16)
    if not np.all(np.isfinite(samples)):
        raise CorpusError(f"{path} holds samples that are no numbers", hint)
    if np.mean(np.abs(samples) > 1) > _BEYOND:
        raise CorpusError(f"{path} goes up to {np.abs(samples).max():g} where full scale is 1", "scale its samples")
    mono = samples.mean(axis=1)
    if rate != SAMPLE_RATE:
        mono = soxr.resample(mono, rate, SAMPLE_RATE)
    return to_int16(mono)


def all_good(decoded: Iterable[NDArray[np.int16] | CorpusError]) -> list[NDArray[np.int16]]:
    """What was decoded, where everything could be.

    Raises:
        CorpusError: names the first few files that could not.
    """
    good: list[NDArray[np.int16]] = []
    errors: list[CorpusError] = []
    for item in decoded:
        if isinstance(item, CorpusError):
            errors.append(item)
        else:
            good.append(item)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        lines = [error.message for error in errors[:_LISTED_ERRORS]]
        more = len(errors) - len(lines)
        raise CorpusError(
            f"{len(errors)} recordings cannot be used:\n    "
            + "\n    ".join(lines + ([f"... and {more} more"] if more else [])),
            errors[0].hint,
        )
    return good


def read_or_error(path: Path) -> NDArray[np.int16] | CorpusError:
    """What ``read_audio`` returns or raises."""
    try:
        return read_audio(path)
    except CorpusError as error:
        return error


def to_int16(samples: NDArray[np.floating]) -> NDArray[np.int16]:
    """Full scale -1..1 to int16, rounded and clipped."""
    return np.clip(np.rint(np.asarray(samples, np.float64) * 32768), -32768, 32767).astype(np.int16)


def _cut_off(log: str) -> bool:
    """Whether libsndfile found a WAV data chunk shorter than its header says; writers to a pipe leave 0 or all ones."""
    found = re.search(r"^data\s*:\s*(\d+|0x[0-9A-Fa-f]+) \(should be (\d+)\)", log, re.MULTILINE)
    if not found:
        return False
    promised = int(found[1], 0)
    return int(found[2]) < promised < 0x7FFF_0000


def fit_clip(pcm: NDArray[np.int16], samples: int) -> NDArray[np.int16]:
    """Crops to the loudest stretch, or pads on both sides, to ``samples``.

    Padding, and runs of digital zeros that a file already begins or ends with, become noise of the recording's own
    background: zeros would give away how a clip was cut, and with it often its class.
    """
    if len(pcm) > samples:
        energy = np.concatenate([[0.0], np.cumsum(pcm.astype(np.float64) ** 2)])
        inside = energy[samples:] - energy[:-samples]
        best = np.flatnonzero(inside >= 0.999 * inside.max())  # a plateau where the whole word fits: its middle
        start = int(best[len(best) // 2])
        pcm = pcm[start : start + samples]
    sounding = np.flatnonzero(pcm)
    if not len(sounding):
        return np.zeros(samples, np.int16)
    first, last = int(sounding[0]), int(sounding[-1]) + 1
    margin = (samples - len(pcm)) // 2
    before, after = margin + first, samples - margin - last
    out = np.zeros(samples, np.int16)
    out[before : samples - after] = pcm[first:last]
    if before + after >= SAMPLE_RATE // 100:
        rng = np.random.default_rng(zlib.crc32(out.tobytes()))
        noise = _background(pcm[first:last], samples, rng)
        out[:before] = noise[:before]
        out[samples - after :] = noise[samples - after :]
    return out


def _background(pcm: NDArray[np.int16], samples: int, rng: np.random.Generator) -> NDArray[np.int16]:
    """Noise with the power spectrum of the quietest tenth of a recording, by overlapping random-phase frames."""
    hop = _FRAME // 2
    padded = np.pad(pcm.astype(np.float64), (0, max(0, _FRAME - len(pcm))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME)[::hop]
    root = np.sqrt(np.hanning(_FRAME + 1)[:-1])
    spectra = np.abs(np.fft.rfft(frames * root)) ** 2
    quietest = np.argsort(spectra.sum(axis=1), kind="stable")[: max(1, len(spectra) // 10)]
    magnitude = np.sqrt(spectra[quietest].mean(axis=0))
    count = samples // hop + 2
    phases = np.exp(2j * np.pi * rng.random((count, len(magnitude))))
    noise = np.zeros((count + 1) * hop)
    for i, frame in enumerate(np.fft.irfft(magnitude * phases, _FRAME) * root):
        noise[i * hop : i * hop + _FRAME] += frame * np.sqrt(2)
    out = noise[hop : hop + samples] + rng.uniform(-0.5, 0.5, samples)  # dither, so that it never rounds to zeros
    return np.clip(np.rint(out), -32768, 32767).astype(np.int16)
