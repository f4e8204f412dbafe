"""What a page keeps of a source, and that it is one safe, self-contained file."""

from __future__ import annotations

import base64
import io
import json
import re

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from pipeline.listening.heard import Event, Recorder, Step
from pipeline.listening.page import to_html


def recorded(sizes: list[int], events: list[Event], pcm: np.ndarray) -> Recorder:
    """Hears ``pcm`` in pieces, each event with the piece that ends at or after it."""
    recorder = Recorder("a", ("computer",))
    at = 0
    while at < len(pcm):
        piece = pcm[at : at + (sizes.pop(0) if sizes else 4000)]
        due = [event for event in events if at < event.sample <= at + len(piece)]
        recorder.hear(piece, [Step(at + len(piece), (0.25,))], due)
        at += len(piece)
    recorder.finish()
    return recorder


@given(st.lists(st.integers(1, 30_000), max_size=20), st.lists(st.integers(1, 100_000), max_size=5, unique=True))
def test_the_sound_of_an_event_is_the_same_for_any_pieces(sizes: list[int], at: list[int]) -> None:
    pcm = np.random.default_rng(1).integers(-9999, 9999, 100_000).astype(np.int16)
    recorder = recorded(sizes, [Event("computer", 0.9, sample) for sample in sorted(at)], pcm)
    assert [len(sound) for sound in recorder.sounds] == [
        min(sample + 8000, 100_000) - max(sample - 24_000, 0) for sample in sorted(at)
    ]
    for sample, sound in zip(sorted(at), recorder.sounds, strict=True):
        assert np.array_equal(sound, pcm[max(sample - 24_000, 0) : sample + 8000])
    assert recorder.envelope == [(int(p.min()), int(p.max())) for p in pcm.reshape(-1, 160)]


def test_memory_is_bounded_by_the_envelope() -> None:
    recorder = Recorder("a", ("computer",))
    for _ in range(100):
        recorder.hear(np.zeros(16_000, np.int16), [], [])
        assert len(recorder._tail) <= 3 * 16_000


def test_the_page_is_self_contained_and_escapes_what_it_shows() -> None:
    pcm = np.random.default_rng(1).integers(-9999, 9999, 64_000).astype(np.int16)
    recorder = recorded([], [Event("</script><b>", 0.9, 40_000)], pcm)
    recorder.name = "<i>evil</i>.wav"
    html = to_html('model on "a" & <b>', [0.5], [recorder])
    assert "<i>evil" not in html
    assert html.count("</script>") == 1
    assert not re.search(r"(src|href)=|https?://", html)
    found = re.search(r"const tracks = (.*);\n", html)
    assert found
    [track] = json.loads(found[1])
    assert track["seconds"] == 4.0
    assert track["thresholds"] == [0.5]
    assert track["scores"] == [[0.25] * 16]
    [event] = track["events"]
    assert (event["label"], event["at"]) == ("</script><b>", 2.5)
    sound, rate = soundfile.read(io.BytesIO(base64.b64decode(event["sound"].split(",")[1])), dtype="int16")
    assert rate == 16_000
    assert np.array_equal(sound, pcm[16_000:48_000])


@pytest.mark.parametrize("seconds", [1, 300])
def test_a_long_waveform_is_merged_without_losing_its_peaks(seconds: int) -> None:
    pcm = np.zeros(seconds * 16_000, np.int16)
    pcm[seconds * 8000] = 12_345
    html = to_html("a", [0.5], [recorded([], [], pcm)])
    [track] = json.loads(re.search(r"const tracks = (.*);\n", html)[1])  # type: ignore[index]
    assert len(track["envelope"]) <= 20_000
    assert max(high for _, high in track["envelope"]) == 12_345


def test_a_page_without_scores_says_why() -> None:
    pcm = np.zeros(16_000, np.int16)
    told = Recorder("a", ("computer",))
    told.hear(pcm, [], [Event("computer", 0.9, 8000)])
    told.finish()
    assert "No scores to show: a board tells detections alone" in to_html("a", [0.5], [told])
    assert "No scores" not in to_html("a", [0.5], [recorded([], [], pcm)])
