"""Flite's voices: what they are asked for, they do; and what goes wrong is told."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.corpus import flite
from pipeline.corpus.synthesis import Utterance, synthesise
from pipeline.errors import CorpusError

installed = pytest.mark.skipif(not flite.voices(), reason="flite is not installed")
MANNER = {"rate": 170, "pitch": 50, "intonation": 50}


@pytest.fixture
def no_memory():
    """``voices`` asks the system once; these tests change what it would say."""
    flite.voices.cache_clear()
    yield
    flite.voices.cache_clear()


@installed
@pytest.mark.parametrize("voice", flite.voices())
def test_every_voice_says_words_again_alike(voice):
    sound, rate = flite.speak("computer", voice, **MANNER)
    again, _ = flite.speak("computer", voice, **MANNER)
    assert np.array_equal(sound, again)
    assert rate == 16_000
    assert 0.5 < len(sound) / rate < 1.5
    assert 0.05 < np.abs(sound).max() <= 1.0


@installed
def test_voices_differ():
    assert len({flite.speak("computer", voice, **MANNER)[0].tobytes() for voice in flite.voices()}) == len(
        flite.voices()
    )


@installed
def test_rate_pitch_and_tract_do_what_they_say():
    base, slow, low, high, long = synthesise(
        [
            Utterance("computer", "flite-slt"),
            Utterance("computer", "flite-slt", rate=85),
            Utterance("computer", "flite-kal16", pitch=40, intonation=0),
            Utterance("computer", "flite-kal16", pitch=80, intonation=0),
            Utterance("computer", "flite-slt", tract=1.2),
        ]
    )
    assert len(slow) == pytest.approx(2 * len(base), rel=0.1)  # 170 words a minute are Flite's own durations
    assert len(long) == pytest.approx(1.2 * len(base), rel=0.02)
    # two octaves in 99 steps from 60 Hz: 105 and 184 Hz
    assert _hertz(low) == pytest.approx(105, rel=0.05)
    assert _hertz(high) == pytest.approx(184, rel=0.05)


def _hertz(sound: np.ndarray) -> float:
    """Median over frames of 40 ms of the lag at which a vowel looks like itself most."""
    found = []
    for start in range(0, len(sound) - 640, 160):
        frame = sound[start : start + 640] - sound[start : start + 640].mean()
        alike = np.correlate(frame, frame, "full")[639:]
        lag = 60 + int(alike[60:230].argmax())
        if alike[lag] > 0.5 * alike[0] and frame.std() > 0.02:
            found.append(16_000 / lag)
    return float(np.median(found))


@installed
def test_no_sound_is_an_error():
    with pytest.raises(CorpusError, match=r"no sound of ' ' as flite-slt"):
        synthesise([Utterance(" ", "flite-slt")])


def test_a_voice_that_is_not_there_is_an_error():
    with pytest.raises(CorpusError, match="flite-nobody is not installed") as error:
        flite.speak("computer", "flite-nobody", **MANNER)
    assert "apt-get install flite" in error.value.hint


@pytest.mark.usefixtures("no_memory")
def test_without_flite_there_are_no_voices_and_no_version(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert flite.voices() == ()
    assert flite.version() == ""


@pytest.mark.usefixtures("no_memory")
def test_another_build_of_flite_has_fewer_voices_or_fails(monkeypatch, tmp_path):
    program = tmp_path / "flite"
    program.write_text(
        """#!/bin/sh
case "$1" in
-lv) echo "Voices available: kal slt" ;;
--version) echo "  version: flite-2.3" ; exit 1 ;;
*) exit 3 ;;
esac
"""
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert flite.voices() == ("flite-slt",)
    assert flite.version() == "version: flite-2.3 flite-slt"
    with pytest.raises(CorpusError, match=r"flite failed \(3\)"):
        flite.speak("computer", "flite-slt", **MANNER)
