"""Recordings of one's own: who speaks, what is worth keeping, and where a data folder keeps it."""

from __future__ import annotations

import hashlib
import itertools
import math
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from pipeline.config import word_name
from pipeline.corpus.audio import fit_clip
from pipeline.corpus.data import SAMPLE_RATE, SPLITS, SplitName
from pipeline.corpus.folder import hash_split
from pipeline.errors import UsageError
from pipeline.files import replacing, write_text

_FRAME = SAMPLE_RATE // 50
_CLIPPED = 32_700
_CLIPPED_SHARE = 1e-3
_QUIETEST_PEAK_DB = -36.0
_STANDS_OUT_DB = 10.0
_CUT_DB = 6.0


@dataclass(frozen=True)
class Speaker:
    """A person, as the names of recordings have it.

    Attributes:
        ident: 8 hex digits, of which the name cannot be read.
        split: where the published rule of Speech Commands puts all that this person says.
    """

    ident: str
    split: SplitName


def speaker_in(root: Path, name: str, split: SplitName | None = None) -> Speaker:
    """A person who records into a data folder, in the wanted split; by default the one that the name leads to.

    Raises:
        UsageError: no name, or recordings of this person are in another split.
    """
    plain = unicodedata.normalize("NFC", name).strip().lower()
    if not plain:
        raise UsageError("a speaker has a name", "as in: --speaker amelia; only a hash of it is kept")
    found = [_in_split(plain, one) for one in SPLITS]
    there = [one for one in found if any(root.glob(f"*/{one.ident}_nohash_*"))]
    if there and split not in (None, there[0].split):
        raise UsageError(
            f"what {name} has recorded is in the {there[0].split} split", "leave --split out: one person, one split"
        )
    wanted = split or (there[0].split if there else hash_split(_ident(plain, 0)))
    return next(one for one in found if one.split == wanted)


def _in_split(name: str, split: SplitName) -> Speaker:
    return Speaker(next(i for i in (_ident(name, n) for n in itertools.count()) if hash_split(i) == split), split)


def _ident(name: str, number: int) -> str:
    return hashlib.sha256(f"{name} {number}".encode()).hexdigest()[:8]


def trim(pcm: NDArray[np.int16], seconds: float) -> NDArray[np.int16]:
    """The loudest stretch of so many seconds of int16 ``[n]``."""
    return fit_clip(pcm, round(seconds * SAMPLE_RATE))


def fault(pcm: NDArray[np.int16]) -> str:
    """What is wrong with int16 ``[n]`` as a recording of a word, with what to do about it; empty where nothing is.

    Frames of 20 ms are compared by their power: a word stands out of the background, which is the quietest fifth, and
    lies inside the recording.
    """
    wave = pcm.astype(np.float64) / 32768
    frames = wave[: len(wave) // _FRAME * _FRAME].reshape(-1, _FRAME)
    power = 10 * np.log10(np.maximum((frames**2).mean(axis=1), 1e-10))
    if not wave.any():
        return "there is no sound at all: is the microphone switched off?"
    if np.mean(np.abs(pcm.astype(np.int32)) >= _CLIPPED) > _CLIPPED_SHARE:
        return "it is too loud and clipped: speak from further away"
    loudest = float(power.max())
    if loudest - float(np.quantile(power, 0.2)) < _STANDS_OUT_DB:
        return "no word stands out of the background: speak up, or come nearer"
    if 20 * math.log10(float(np.abs(wave).max())) < _QUIETEST_PEAK_DB:
        return "it is very quiet: come nearer"
    if max(power[0], power[-1]) > loudest - _CUT_DB:
        return "the word is cut off: speak after the countdown, and not too long"
    return ""


def keep(pcm: NDArray[np.int16], root: Path, word: str, speaker: Speaker) -> Path:
    """Writes int16 ``[n]`` at 16 kHz as the speaker's next recording of a word; returns its path.

    Where the folder has a list of the speaker's split, the recording is added to it.

    Raises:
        UsageError: the word has characters that a keyword cannot have.
    """
    folder = _folder(root, word)
    taken = {path.stem for path in folder.glob(f"{speaker.ident}_nohash_*")}
    stem = next(name for n in itertools.count() if (name := f"{speaker.ident}_nohash_{n}") not in taken)
    path = folder / f"{stem}.wav"
    listed = root / f"{speaker.split}_list.txt"
    if speaker.split != "training" and listed.is_file():  # first: a name too many there is harmless
        lines = listed.read_text("utf-8-sig").splitlines()
        write_text(listed, "\n".join([*lines, path.relative_to(root).as_posix(), ""]))
    with replacing(path) as temporary:
        soundfile.write(temporary, pcm, SAMPLE_RATE, "PCM_16")
    return path


def _folder(root: Path, word: str) -> Path:
    """The folder of a word: the one that is there, however it is written, or a new one."""
    name = word_name(word)
    if not name.replace("_", "").isalnum() or name.startswith("_"):
        raise UsageError(f"{word!r} is no word to record", "letters and digits, with spaces between them")
    there = [path for path in root.glob("*") if path.is_dir() and word_name(path.name) == name]
    return there[0] if there else root / name
