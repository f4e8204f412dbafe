"""Words spoken by Flite, whose voices are made of four people's recordings: few, but closer to people than espeak-ng's.

CMU Flite (https://github.com/festvox/flite) is a system package, with a licence like BSD's.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from pipeline.errors import CorpusError

_PREFIX = "flite-"
_VOICES = ("awb", "kal16", "rms", "slt")
_HINT = "sudo apt-get install flite"
_RATE = 170
"""Words per minute at which Flite's durations are taken for what they are."""
_LOWEST_HZ, _OCTAVES = 60.0, 2.0
_SECONDS = 60


@functools.cache
def voices() -> tuple[str, ...]:
    """Names of the voices that are installed: ``flite-slt`` and others; none without Flite."""
    if shutil.which("flite") is None:
        return ()
    listed = _run("-lv").split()
    return tuple(_PREFIX + name for name in _VOICES if name in listed)


def is_voice(name: str) -> bool:
    """Whether a voice is one of Flite's."""
    return name.startswith(_PREFIX)


def version() -> str:
    """Version and voices, for cache keys; empty without Flite."""
    found = [line.strip() for line in (_run("--version").splitlines() if voices() else ()) if "version" in line]
    return " ".join([*found, *voices()])


def speak(text: str, voice: str, *, rate: int, pitch: int, intonation: int) -> tuple[NDArray[np.float32], int]:
    """Speech, full scale 1, and its samples per second; the same arguments give the same samples.

    Args:
        text: what to say.
        voice: one of ``voices()``.
        rate: words per minute.
        pitch: 0..99, of two octaves from 60 Hz on; one voice (rms) keeps to its own.
        intonation: 0..99; of the voice whose melody is not modelled (kal16).

    Raises:
        CorpusError: Flite or the voice is not installed, or failed.
    """
    if voice not in voices():
        raise CorpusError(f"the synthesiser's voice {voice} is not installed", _HINT)
    settings = {
        "duration_stretch": _RATE / rate,
        "int_f0_target_mean": _LOWEST_HZ * 2 ** (_OCTAVES * pitch / 99),
    }
    if voice == _PREFIX + "kal16":
        settings["int_f0_target_stddev"] = 5 + 25 * intonation / 99
    options = [option for name, value in settings.items() for option in ("--setf", f"{name}={value:.3f}")]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        _run("-voice", voice.removeprefix(_PREFIX), *options, "-t", text, "-o", str(path))
        try:
            speech, samples_per_second = soundfile.read(path, dtype="float32")
        except (OSError, soundfile.LibsndfileError) as error:
            raise CorpusError(f"the synthesiser flite made no sound of {text!r}: {error}", _HINT) from None
    return speech, samples_per_second


def _run(*arguments: str) -> str:
    try:
        done = subprocess.run(["flite", *arguments], capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CorpusError(f"the synthesiser flite failed: {error}", f"run it again, or: {_HINT}") from None
    if done.returncode not in (0, 1):  # it ends with 1 after telling its version
        raise CorpusError(f"the synthesiser flite failed ({done.returncode})", _HINT)
    return done.stdout.decode(errors="replace")
