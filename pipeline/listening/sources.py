"""Where the audio comes from: recordings of any length, raw samples on a pipe, a microphone.

Every source yields mono int16 blocks at 16 kHz, a fraction of a second each, so that memory stays bounded whatever the
length. Rules for other formats: channels are averaged, rates from 4 to 384 kHz are resampled, integers and floats of
any width become 16 bits (full scale is 1.0, beyond it is clipped), numbers that are none stop the source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile
import soxr  # type: ignore[import-untyped]
from numpy.typing import NDArray

from pipeline.corpus.audio import RATES, SUFFIXES, to_int16
from pipeline.corpus.data import SAMPLE_RATE
from pipeline.errors import AudioError
from pipeline.microphone import find_microphone

MAX_CHANNELS = 32
BLOCK_SECONDS = 0.25

_LOUDEST = 1e6
"""Of full scale; below it sums and filters stay finite, and all of it is clipped in the end."""

Blocks = Iterator[NDArray[np.int16]]


@dataclass(frozen=True)
class Source:
    """Audio that can be listened to once.

    Attributes:
        name: for people: a file's name, "standard input" or a microphone's.
        seconds: length; None where nobody knows it before the end.
        blocks: opens it: mono int16 at 16 kHz, at most a second of samples a block.
    """

    name: str
    seconds: float | None
    blocks: Callable[[], Blocks]


def open_sources(where: str, stdin: BinaryIO) -> tuple[Source, ...]:
    """The sources that a command line names: a file, a folder of them, ``-`` or ``mic``.

    Raises:
        AudioError: there is no such file, or no recording in the folder.
    """
    if where == "-":
        return (raw(stdin),)
    if where == "mic":
        return (microphone(),)
    path = Path(where)
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
        if not files:
            raise AudioError(f"no recordings in {path}", f"it should hold {', '.join(sorted(SUFFIXES))}")
        return tuple(recording(file, str(file.relative_to(path))) for file in files)
    return (recording(path),)


def recording(path: Path, name: str = "") -> Source:
    """A sound file.

    Raises:
        AudioError: it is missing, empty, or not audio. Damage further in is raised where it is met, so that what lies
            before it is heard.
    """
    try:
        if path.stat().st_size == 0:
            raise AudioError(f"{path} is empty (0 bytes)", "give a recording")
        info = soundfile.info(str(path))
    except OSError as error:
        raise AudioError(f"cannot read {path}: {error.strerror}", "give a sound file, a folder, - or mic") from None
    except (soundfile.SoundFileError, MemoryError) as error:
        raise AudioError(f"{path} is not readable audio: {error}", "give a wav or flac file") from None
    _believe(info.samplerate, info.channels, str(path))
    if info.frames == 0:
        raise AudioError(f"{path} holds no samples", "give a recording")
    return Source(name or path.name, info.frames / info.samplerate, lambda: _decoded(path))


def raw(stream: BinaryIO) -> Source:
    """Raw 16-bit little-endian mono samples at 16 kHz, as a pipe brings them: in pieces of any size."""

    def blocks() -> Blocks:
        rest = b""
        while data := _read_some(stream):
            data = rest + data
            whole = len(data) // 2 * 2
            rest = data[whole:]
            if whole:
                yield np.frombuffer(data[:whole], "<i2").astype(np.int16)
        if rest:
            raise AudioError("standard input ended within a sample", "send 16-bit little-endian mono at 16 kHz")

    return Source("standard input", None, blocks)


def microphone() -> Source:
    """This computer's microphone, until it is interrupted.

    Raises:
        AudioError: the extra is not installed, or there is no microphone.
    """
    found = find_microphone()
    return Source(found.name, None, found.blocks)


def _read_some(stream: BinaryIO) -> bytes:
    """What is there, at most a block; waits only when nothing is."""
    size = round(2 * BLOCK_SECONDS * SAMPLE_RATE)
    read1 = getattr(stream, "read1", None)
    return bytes(read1(size) if read1 else stream.read(size) or b"")


def _believe(rate: int, channels: int, where: str) -> None:
    if not RATES[0] <= rate <= RATES[1]:
        raise AudioError(f"{where} says it has {rate} samples a second", f"use {RATES[0]:,} to {RATES[1]:,} Hz")
    if not 1 <= channels <= MAX_CHANNELS:
        raise AudioError(f"{where} says it has {channels} channels", f"use 1 to {MAX_CHANNELS}")


def _decoded(path: Path) -> Blocks:
    try:
        with soundfile.SoundFile(path) as file:
            yield from _resampled(file, path)
    except (OSError, soundfile.SoundFileError) as error:
        raise AudioError(f"{path} is damaged: {error}", "replace the file") from None


def _resampled(file: soundfile.SoundFile, path: Path) -> Blocks:
    rate, heard = file.samplerate, 0
    resample = None if rate == SAMPLE_RATE else soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32")
    size = round(BLOCK_SECONDS * rate)
    while True:
        samples = file.read(size, dtype="float32", always_2d=True)
        last = len(samples) < size
        if not np.all(np.isfinite(samples)):
            raise AudioError(f"{path} holds samples that are no numbers, from {heard / rate:.2f} s", "mend the file")
        heard += len(samples)
        mono = np.clip(samples, -_LOUDEST, _LOUDEST).mean(axis=1)
        if resample is not None:
            mono = resample.resample_chunk(mono, last=last)
        if len(mono):
            yield to_int16(mono)
        if last:
            break
    if heard < file.frames:
        raise AudioError(
            f"{path} is cut off: {heard / rate:.2f} of {file.frames / rate:.2f} s are there", "replace the file"
        )
