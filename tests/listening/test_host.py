"""The C listener on this machine: the reference's events, for any cutting of the audio."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import Detector
from pipeline.listening.host import HostListener
from tests.conftest import make_model
from tests.device.test_audio import MODEL, audio, expected

PCM = audio(5)


def test_events_are_the_references() -> None:
    wanted = expected(MODEL, PCM)
    assert len(wanted) >= 3
    steps, events = HostListener(MODEL).push(PCM)
    assert [(event.label, event.sample) for event in events] == [(label, sample) for label, _, sample in wanted]
    np.testing.assert_allclose([event.score for event in events], [score for _, score, _ in wanted], atol=1e-6)
    # a row every 30 ms, scored from the seventh on, smoothed over three
    assert [step.sample for step in steps[:3]] == [400 + 480 * row for row in (6, 7, 8)]
    assert [np.isnan(step.scores).all() for step in steps[:4]] == [True, True, False, False]
    assert len(steps) == (len(PCM) - 400) // 480 + 1 - 6


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, len(PCM) - 1), max_size=60))
def test_any_cutting_gives_the_same_to_the_bit(cuts: list[int]) -> None:
    whole = HostListener(MODEL).push(PCM)
    listener = HostListener(MODEL)
    parts = [listener.push(piece) for piece in np.split(PCM, sorted(cuts))]
    assert repr(([step for part in parts for step in part[0]], [event for part in parts for event in part[1]])) == repr(
        whole
    )


def test_sample_by_sample() -> None:
    listener = HostListener(MODEL)
    whole = HostListener(MODEL).push(PCM[:12_000])
    listener = HostListener(MODEL)
    events = [event for sample in PCM[:12_000] for event in listener.push(np.array([sample]))[1]]
    assert events == whole[1]
    assert events


def test_thresholds_are_each_keywords_own() -> None:
    assert HostListener(MODEL, threshold=1.0).push(PCM)[1] == []
    lower = HostListener(MODEL, threshold=0.3).push(PCM)[1]
    higher = HostListener(MODEL, threshold=0.8).push(PCM)[1]
    assert len(lower) >= len(HostListener(MODEL).push(PCM)[1]) > len(higher)  # no more fit between deaf times
    assert {event.label for event in lower} <= set(MODEL.keywords)
    own = replace(MODEL, detector=Detector(thresholds=(0.999, 0.4, 0.999), smoothing_frames=3, refractory_ms=300))
    events = HostListener(own).push(PCM)[1]
    assert {event.label for event in events} == {MODEL.keywords[1]}


def test_two_models_do_not_disturb_each_other() -> None:
    other = make_model(2, widths=(20,), frames=7)
    first, second = HostListener(MODEL), HostListener(other)
    half = len(PCM) // 2
    events = first.push(PCM[:half])[1]
    second.push(PCM)
    assert events + first.push(PCM[half:])[1] == HostListener(MODEL).push(PCM)[1]


def test_silence_makes_steps_and_no_numbers_that_are_none() -> None:
    steps, _ = HostListener(MODEL).push(np.zeros(16_000, np.int16))
    assert np.isfinite([step.scores for step in steps[2:]]).all()


@pytest.mark.parametrize("count", [0, 1, 399])
def test_too_little_audio_gives_nothing(count: int) -> None:
    assert HostListener(MODEL).push(PCM[:count]) == ([], [])
