"""Words spoken by espeak-ng or Flite: voices, and utterances to 16 kHz speech; the same list gives the same samples."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
import struct
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr  # type: ignore[import-untyped]
from numpy.typing import NDArray

from pipeline.corpus import flite
from pipeline.corpus.data import SAMPLE_RATE, SPLITS, SplitName
from pipeline.errors import CorpusError
from pipeline.progress import SILENT, Progress

ENGLISH = ("en-us", "en", "en-gb-x-rp", "en-gb-scotland", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-us-nyc", "en-029")
"""Accents of English."""
FOREIGN = ("es", "es-419", "de", "fr", "it", "pt-br", "nl", "pl", "sv", "tr")
"""Languages whose speech is never a keyword."""

# variants that no human sounds like
_MACHINES = ("robo", "Robo", "Robot", "Demonic", "croak", "fast", "Tweaky", "whisper", "klatt", "Storm", "announcer")

_ESPEAK_RATE = 22_050
_QUIET, _FLITE_QUIET = 30 / 32768, 0.003
_BATCH = 100
_BATCH_SECONDS = 180


@dataclass(frozen=True)
class Utterance:
    """One text in one voice.

    Attributes:
        voice: language and variant of espeak-ng, as ``en-us+f3``, or one of ``flite.voices()``.
        rate: words per minute as espeak-ng means them, 80..450.
        pitch, intonation: 0..99.
        tract: length of the vocal tract against the voice's own; lowers pitch and formants together, and slows down.
        seed: of espeak-ng's random numbers.
    """

    text: str
    voice: str
    rate: int = 170
    pitch: int = 50
    intonation: int = 50
    tract: float = 1.0
    seed: int = 1


def variants() -> tuple[str, ...]:
    """Names of the voice variants, each another speaker.

    Raises:
        CorpusError: the synthesiser is not installed.
    """
    folder = _data_folder() / "voices" / "!v"
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    return tuple(name for name in names if not any(machine in name for machine in _MACHINES))


def variants_by_split(seed: int) -> dict[SplitName, tuple[str, ...]]:
    """The variants dealt out so that no speaker is in two splits: 70 % training, 15 % each of the others."""
    names = np.random.default_rng(seed).permutation(variants())
    bounds = [round(0.7 * len(names)), round(0.85 * len(names))]
    return {split: tuple(map(str, part)) for split, part in zip(SPLITS, np.split(names, bounds), strict=True)}


def synthesiser_version(flite_share: float = 0.0) -> str:
    """Version of the package that carries espeak-ng, and of Flite where it has a share, for cache keys.

    Raises:
        CorpusError: espeak-ng is not installed.
    """
    _data_folder()
    from importlib.metadata import version

    return " ".join(filter(None, [version("espeakng-loader"), flite.version() if flite_share else ""]))


def synthesise(utterances: Sequence[Utterance], progress: Progress = SILENT) -> list[NDArray[np.float32]]:
    """Speaks every utterance: float32 at 16 kHz, full scale 1, without silence before and after.

    Raises:
        CorpusError: the synthesiser is not installed, failed, or made no sound of a text; names it.
    """
    _data_folder()
    batches = [utterances[i : i + _BATCH] for i in range(0, len(utterances), _BATCH)]
    with progress.task("Synthesising speech", len(utterances)) as task, ThreadPoolExecutor(os.cpu_count()) as pool:

        def speak(batch: Sequence[Utterance]) -> list[NDArray[np.float32]]:
            by_espeak = iter(_run_worker([one for one in batch if not flite.is_voice(one.voice)]))
            spoken = [
                _by_flite(one) if flite.is_voice(one.voice) else _by_espeak(next(by_espeak), one) for one in batch
            ]
            task.advance(len(batch))
            return spoken

        return [clip for batch in pool.map(speak, batches) for clip in batch]


def _data_folder() -> Path:
    if importlib.util.find_spec("espeakng_loader") is None:
        raise CorpusError("the speech synthesiser is not installed", "pip install 'dynq[speech]' (espeak-ng, GPL-3.0)")
    import espeakng_loader

    return Path(espeakng_loader.get_data_path())


def _run_worker(batch: Sequence[Utterance]) -> list[NDArray[np.int16]]:
    worker = Path(__file__).with_name("espeak_worker.py")
    jobs = json.dumps([dataclasses.asdict(utterance) for utterance in batch])
    try:
        result = subprocess.run(
            [sys.executable, "-P", str(worker)],
            input=jobs.encode(),
            capture_output=True,
            timeout=_BATCH_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CorpusError(f"the synthesiser did not finish in {_BATCH_SECONDS} s", "run it again") from None
    if result.returncode:
        tail = result.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise CorpusError(f"the synthesiser failed: {' '.join(tail)}", "reinstall espeakng-loader")
    spoken, at = [], 0
    for _ in batch:
        (count,) = struct.unpack_from("<I", result.stdout, at)
        spoken.append(np.frombuffer(result.stdout, "<i2", count, at + 4))
        at += 4 + 2 * count
    return spoken


def _by_espeak(raw: NDArray[np.int16], utterance: Utterance) -> NDArray[np.float32]:
    return _to_speech(raw.astype(np.float32) / np.float32(32768), _ESPEAK_RATE, _QUIET, utterance)


def _by_flite(utterance: Utterance) -> NDArray[np.float32]:
    manner = {"rate": utterance.rate, "pitch": utterance.pitch, "intonation": utterance.intonation}
    return _to_speech(*flite.speak(utterance.text, utterance.voice, **manner), _FLITE_QUIET, utterance)


def _to_speech(sound: NDArray[np.float32], rate: int, quiet: float, utterance: Utterance) -> NDArray[np.float32]:
    loud = np.flatnonzero(np.abs(sound) > quiet)
    if not len(loud):
        raise CorpusError(
            f"the synthesiser made no sound of {utterance.text!r} as {utterance.voice}", "use words that have letters"
        )
    return np.asarray(soxr.resample(sound[loud[0] : loud[-1] + 1], rate / utterance.tract, SAMPLE_RATE), np.float32)
