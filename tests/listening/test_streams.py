"""Streams hold what they say they hold, at the level and ratio they say; judging counts as one would by hand."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.corpus.data import Split
from pipeline.listening.heard import Event
from pipeline.listening.judging import judge, together
from pipeline.listening.streams import Spoken, Stream, active_part, keyword_stream, negative_stream

LABELS = ("_silence_", "_unknown_", "computer", "jarvis")


def burst(start: int, end: int, seed: int, loudness: float = 3000.0) -> np.ndarray:
    """A clip of 1.5 s with noise from ``start`` to ``end`` and a faint floor."""
    rng = np.random.default_rng(seed)
    clip = rng.normal(0, 2, 24_000)
    clip[start:end] += rng.normal(0, loudness, end - start)
    return clip.astype(np.int16)


SPLIT = Split(
    np.stack([burst(8000, 16_000, 1), burst(4800, 12_800, 2), burst(9600, 19_200, 3)]),
    np.array([2, 1, 3]),
    ("a", "b", "c"),
    ("1", "2", "3"),
)


def test_the_active_part_is_where_the_sound_is() -> None:
    assert active_part(burst(8000, 16_000, 1).astype(np.float32)) == (8000, 16_000)
    assert active_part(np.zeros(100, np.float32)) == (0, 100)


@pytest.mark.parametrize("snr_db", [None, 20.0, 5.0])
def test_keywords_lie_where_the_truth_says(snr_db: float | None) -> None:
    stream = keyword_stream(SPLIT, LABELS, [("hum", burst(0, 24_000, 9, 100))], 1, snr_db=snr_db)
    assert sorted(word.label for word in stream.spoken) == ["computer", "jarvis"]  # the unknown word is none
    for word in stream.spoken:
        length = {"computer": 8000, "jarvis": 9600}[word.label]
        assert word.end - word.start == length
        inside = np.mean(stream.pcm[word.start : word.end].astype(float) ** 2)
        pause = np.mean(stream.pcm[word.start - 6000 : word.start - 4800].astype(float) ** 2)
        wanted = 40.0 if snr_db is None else snr_db
        assert 10 * np.log10(max(inside - pause, 1) / max(pause, 1e-9)) == pytest.approx(wanted, abs=1.5)
        assert -33 < 10 * np.log10((inside - pause) / 32768**2) < -19
    assert np.array_equal(
        stream.pcm, keyword_stream(SPLIT, LABELS, [("hum", burst(0, 24_000, 9, 100))], 1, snr_db=snr_db).pcm
    )


def test_negatives_hold_no_keyword_and_last_as_long_as_they_should() -> None:
    stream = negative_stream("talk", [("one", burst(0, 24_000, 4)), ("two", burst(0, 24_000, 5))], [], 1)
    assert stream.spoken == ()
    assert sorted(said.label for said in stream.others) == ["one", "two"]
    assert all(said.end - said.start == 24_000 for said in stream.others)
    assert np.abs(stream.pcm[stream.others[0].end :][:11_000]).max() < np.abs(stream.pcm).max() / 10  # a pause
    assert 2 * (1.5 + 0.7) <= stream.hours * 3600 <= 2 * (1.5 + 2.5)


def test_judging_by_hand() -> None:
    said = (Spoken("computer", 16_000, 24_000), Spoken("jarvis", 48_000, 56_000), Spoken("computer", 80_000, 88_000))
    stream = Stream("a", np.zeros(16_000 * 36, np.int16), said)
    events = [
        Event("computer", 0.9, 28_000),  # 0.25 s after its word
        Event("computer", 0.9, 30_000),  # the same word again
        Event("computer", 0.9, 52_000),  # said something else
        Event("jarvis", 0.9, 68_001),  # a sample later than 0.75 s
        Event("computer", 0.9, 87_200),  # before its word has ended
        Event("jarvis", 0.9, 200_000),
    ]
    found = judge(stream, events)
    assert found.said == {"computer": 2, "jarvis": 1}
    assert found.hits == {"computer": 2}
    assert found.false_accepts == {"computer": 2, "jarvis": 2}
    assert found.latencies == (0.25, -0.05)
    assert found.missed == (said[1],)
    assert [event.sample for event in found.false_events] == [30_000, 52_000, 68_001, 200_000]
    assert found.miss_rate == pytest.approx(1 / 3)
    assert found.false_accepts_per_hour == pytest.approx(4 / 0.01)
    both = together([found, found])
    assert both.said == {"computer": 4, "jarvis": 2}
    assert both.false_accepts_per_hour == pytest.approx(4 / 0.01)
    assert judge(stream, [Event("jarvis", 0.9, 68_000)]).hits == {"jarvis": 1}
