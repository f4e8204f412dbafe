"""Recordings of one's own: names, splits, faults; the loader of corpora reads what is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import CorpusSection
from pipeline.corpus.data import SPLITS, SplitName
from pipeline.corpus.folder import hash_split, scan_folder, words_in
from pipeline.corpus.takes import Speaker, fault, keep, speaker_in, trim
from pipeline.errors import UsageError

RATE = 16_000


def said(seconds: float = 2.5, start: float = 0.8, length: float = 0.6, level: float = 0.3) -> np.ndarray:
    """A word, of a tone, in a quiet room."""
    rng = np.random.default_rng(1)
    pcm = 0.001 * rng.normal(size=round(seconds * RATE))
    time = np.arange(round(length * RATE)) / RATE
    pcm[round(start * RATE) :][: len(time)] += level * np.sin(2 * np.pi * 300 * time) * np.hanning(len(time))
    return np.clip(pcm * 32768, -32768, 32767).astype(np.int16)


@given(name=st.text(min_size=1).filter(str.strip), split=st.sampled_from(SPLITS))
def test_a_speaker_is_in_the_wanted_split(tmp_path_factory: pytest.TempPathFactory, name: str, split: SplitName):
    nowhere = tmp_path_factory.getbasetemp() / "nowhere"
    who = speaker_in(nowhere, name, split)
    assert who == speaker_in(nowhere, f" {name} ", split)
    assert hash_split(f"{who.ident}_nohash_7.wav") == who.split == split
    assert int(who.ident, 16) >= 0
    assert len(who.ident) == 8


def test_one_person_one_split(tmp_path: Path):
    who = speaker_in(tmp_path, "Amelia", "testing")
    keep(said(), tmp_path, "hey robot", who)
    assert speaker_in(tmp_path, "amelia ") == who  # wherever the name alone would lead
    with pytest.raises(UsageError, match="testing split"):
        speaker_in(tmp_path, "amelia", "training")
    with pytest.raises(UsageError, match="name"):
        speaker_in(tmp_path, "  ")


def test_the_loader_reads_what_is_written(tmp_path: Path):
    for name, split in (("amelia", "training"), ("bert", "validation"), ("cleo", "testing")):
        who = speaker_in(tmp_path, name, split)
        for word in ("Hey Robot", "other"):
            for n in range(3):
                path = keep(said(), tmp_path, word, who)
                assert path.name == f"{who.ident}_nohash_{n}.wav"
    assert soundfile.info(tmp_path / "hey_robot" / path.name).subtype == "PCM_16"
    found = scan_folder(CorpusSection(keywords=("hey_robot",)), tmp_path)
    for name, split in (("amelia", "training"), ("bert", "validation"), ("cleo", "testing")):
        own = [clip for clip in found.clips if clip.speaker == speaker_in(tmp_path, name).ident]
        assert len(own) == 6
        assert {clip.split for clip in own} == {split}
    assert [(word.name, len(word.files), word.speakers) for word in words_in(tmp_path)] == [
        ("hey_robot", 9, 3),
        ("other", 9, 3),
    ]


@pytest.mark.parametrize("split", SPLITS)
def test_lists_of_a_split_get_its_recordings(tmp_path: Path, split: SplitName):
    (tmp_path / "Hey Robot").mkdir()
    for name in ("validation", "testing"):
        for word in ("Hey Robot", "other"):
            keep(said(), tmp_path, word, speaker_in(tmp_path, f"someone in {name}", name))
        (tmp_path / f"{name}_list.txt").write_text("")
    for word in ("hey robot", "other"):
        keep(said(), tmp_path, word, speaker_in(tmp_path, "amelia", split))
    for name in ("validation", "testing"):  # so that no split is without clips
        keep(said(), tmp_path, "other", speaker_in(tmp_path, "bert in " + name, name))
    keep(said(), tmp_path, "other", speaker_in(tmp_path, "cleo", "training"))
    assert not (tmp_path / "hey_robot").exists()
    who = speaker_in(tmp_path, "amelia")
    found = scan_folder(CorpusSection(keywords=("hey_robot",)), tmp_path)
    assert [clip.split for clip in found.clips if clip.speaker == who.ident] == [split, split]


def test_names_that_are_no_words(tmp_path: Path):
    for word in ("", "../up", "_background_noise_", "a/b"):
        with pytest.raises(UsageError, match="no word"):
            keep(said(), tmp_path, word, Speaker("01234567", "training"))
    assert not list(tmp_path.iterdir())


def test_trimming_finds_the_word():
    pcm = said(start=1.6)
    clip = trim(pcm, 1.0)
    assert clip.shape == (RATE,)
    loud = np.flatnonzero(np.abs(clip) > 3000)
    assert loud[0] > RATE // 10
    assert loud[-1] < RATE - RATE // 10


@pytest.mark.parametrize(
    ("pcm", "told"),
    [
        (said(), ""),
        (np.zeros(40_000, np.int16), "no sound at all"),
        (said(level=3.0), "clipped"),
        (said(level=0.0), "no word stands out"),
        ((said() * 0.02).astype(np.int16), "very quiet"),
        (said()[: round(1.1 * RATE)], "cut off"),
        (said()[round(1.1 * RATE) :], "cut off"),
    ],
)
def test_faults_are_told(pcm: np.ndarray, told: str):
    assert told in fault(pcm)
    assert bool(fault(pcm)) == bool(told)
