"""A sample of the misuse campaign; and that its judge sees what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.misuse import Case, Place, Situation, judge, sample
from lab.misuse import run as campaign
from lab.misuse.place import make_place

WHOLE = 200
SAMPLE = 20
SLOW = {"interrupted", "killed", "cache"}
"""Whole builds, again and again: the campaign's own."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return make_place(tmp_path_factory.mktemp("misuse"))


@pytest.mark.slow
def test_a_sample_ends_as_it_should(place: Place):
    chosen = [one for one in sample(SAMPLE) if one[0] not in SLOW]
    assert len(chosen) >= 15
    wrong = [outcome for kind, number in chosen if (outcome := judge(kind, number, 7, place)).wrong]
    assert not wrong


def test_what_users_did_once(place: Place, monkeypatch: pytest.MonkeyPatch):
    graph = next(place.out.glob("quantize-4bit-*/model_reference_graph.tflite"))
    tested = ("pipeline.build", "--model", str(place.model), "--data", str(place.data), "--cache", str(place.cache))
    runner = ("pipeline.build", "runner", str(place.model), "--data", str(place.data), "--out", "r")
    for command, told in (
        (("pipeline.build", "--keywords", ""), "names no word"),
        (("pipeline.build", "--keywords", ","), "names no word"),
        (("pipeline.board", "start", "nano33", "--image", str(place.image)), "is built for mps2_an386"),
        (("pipeline.build", "--model", str(graph)), "own operators"),
        (("pipeline.listen", "mic", "--model", str(place.out / "whistles_float.tflite")), "whistles_4bit.tflite"),
        ((*tested, "--target", "nano33", "--usb-serial", "XYZ", "--flash"), "no board with USB serial number XYZ"),
        ((*runner, "--microseconds", "-5"), "-5"),
        ((*runner, "--microseconds", "inf"), "inf microseconds"),
        (("pipeline.build", "export", "/nope.tflite", "--out", "c"), "/nope.tflite"),
        (("pipeline.build", "export", str(place.model), "--out", "/dev/full"), "/dev/full"),
    ):

        def make(_: Situation, command: tuple[str, ...] = command, told: str = told) -> Case:
            return Case(told, command)

        monkeypatch.setitem(campaign.KINDS, "place", (make, 1))
        outcome = judge("place", 0, 1, place)
        assert not outcome.wrong, outcome
        assert told in outcome.said


def test_all_kinds_are_in_every_sample():
    assert {kind for kind, _ in sample(1)} == campaign.KINDS.keys()
    assert abs(len(list(sample(WHOLE))) - WHOLE) <= 10


@pytest.mark.parametrize(
    ("case", "wrong"),
    [
        (Case("no such thing", ("tests.lab.misused", "traceback")), "a traceback"),
        (Case("no such thing", ("tests.lab.misused", "silent")), "no hint"),
        (Case("no such thing", ("tests.lab.misused", "fine")), "accepted"),
        (Case("no such thing", ("tests.lab.misused", "fine"), "well"), ""),
        (Case("no such thing", ("tests.lab.misused", "hint")), ""),
        (Case("no such thing", ("tests.lab.misused", "hint"), "well"), "ended with 1"),
        (Case("no such thing", ("tests.lab.misused", "full"), file_bytes=0), ""),
        (Case("no such thing", ("tests.lab.misused", "full"), "well"), ""),
        (
            Case(
                "kill", ("tests.lab.misused", "wait"), "any", signal=9, after=1.0, again=("tests.lab.misused", "hint")
            ),
            "run again, it ended with 1",
        ),
        (Case("kill", ("tests.lab.misused", "wait"), "any", signal=9, after=1.0), ""),
    ],
)
def test_the_judge(case: Case, wrong: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    nowhere = Place(*[tmp_path] * 6, seconds=1.0)

    def make(_: Situation) -> Case:
        return case

    monkeypatch.setitem(campaign.KINDS, "place", (make, 1))
    assert judge("place", 0, 1, nowhere).wrong == wrong
