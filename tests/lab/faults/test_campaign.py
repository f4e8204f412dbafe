"""A small campaign over every kind of fault, with the firmware as a Linux program."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from lab.faults import Firmware, Outcome, campaign, failures, kinds_for, run_once, scenario
from lab.faults.journals import MISHAPS
from lab.faults.outcome import COMPLETED, STOPPED, WRONG
from lab.faults.page import page
from lab.faults.subject import prepare
from pipeline.layers import QuantizedModel

MUST_STOP = {
    "stale": "the device runs build",
    "busy": "another program holds",
    "unplug": "",
    "silence": "does not answer|did not answer",
    "swap": "changed its firmware|runs build",  # under load the other one may answer the greeting already
}
KINDS = kinds_for("host")
JOURNALS = range(900, 912)
FLIPPED = [seed for seed in range(900, 940) if scenario("flip", seed).rates.flip == 1 / 200][:3]
"""At the rate at which most harm is done: many bits are inverted, and tests still complete."""


@pytest.fixture(scope="module")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Firmware:
    return prepare(tmp_path_factory.mktemp("faults"))


@pytest.fixture(scope="module")
def outcomes(firmware: Firmware) -> list[Outcome]:
    return campaign(firmware, 2 * len(KINDS), seed=900)


def test_every_run_ends_as_its_fault_permits(outcomes: list[Outcome]) -> None:
    assert len(outcomes) == 2 * len(KINDS)
    assert failures(outcomes) == []


def test_good_line_needs_no_patience(outcomes: list[Outcome]) -> None:
    assert [outcome.end for outcome in outcomes if outcome.kind == "none"] == [COMPLETED] * 2


@pytest.mark.parametrize("kind", ["reset", "vanish", "pause", "split"])
def test_passing_trouble_is_survived(outcomes: list[Outcome], kind: str) -> None:
    assert [outcome.end for outcome in outcomes if outcome.kind == kind] == [COMPLETED] * 2


@pytest.mark.parametrize("kind", sorted(MUST_STOP))
def test_lasting_trouble_stops_with_its_name_and_the_rerun_completes(outcomes: list[Outcome], kind: str) -> None:
    for outcome in outcomes:
        if outcome.kind == kind:
            assert outcome.end == STOPPED
            assert outcome.rerun is True
            assert re.search(MUST_STOP[kind], outcome.message), outcome.message


@pytest.mark.parametrize("seed", FLIPPED)
def test_no_flipped_bit_becomes_a_result(firmware: Firmware, seed: int, tmp_path: Path) -> None:
    assert failures([run_once(firmware, "flip", seed, tmp_path)]) == []


@pytest.mark.parametrize("seed", JOURNALS)
def test_no_journal_of_a_mishap_becomes_a_result(firmware: Firmware, seed: int, tmp_path: Path) -> None:
    assert run_once(firmware, "journal", seed, tmp_path).end == COMPLETED


def test_every_mishap_is_among_them() -> None:
    assert {scenario("journal", seed).journal for seed in JOURNALS} == MISHAPS.keys()


def test_wrong_detections_would_be_noticed(firmware: Firmware, tmp_path: Path) -> None:
    (event,) = firmware.heard
    for other in ((), (replace(event, sample=event.sample - 1),), (replace(event, score=event.score - 0.01),)):
        outcome = run_once(replace(firmware, heard=other), "none", 1, tmp_path)
        assert outcome.end == WRONG
        assert "heard" in outcome.message


def test_wrong_results_would_be_noticed(firmware: Firmware, tmp_path: Path) -> None:
    """The campaign's own check: a reference that differs from the device in one bias is a wrong result."""
    *layers, last = firmware.model.layers
    bias = last.columns.bias.copy()
    bias[0] += 1
    changed = replace(last, columns=replace(last.columns, bias=bias))
    other: QuantizedModel = replace(firmware.model, layers=(*layers, changed))
    outcome = run_once(replace(firmware, model=other), "none", 1, tmp_path)
    assert outcome.end == WRONG
    assert failures([outcome]) == [outcome]


def test_interrupted_campaign_goes_on(firmware: Firmware, tmp_path: Path) -> None:
    log = tmp_path / "outcomes.jsonl"
    first = campaign(firmware, 2, kinds=("none",), workers=2, log=log)
    log.write_text(log.read_text() + '{"kind": "none", "se')  # the machine stopped in the middle of a line
    again = campaign(firmware, 3, kinds=("none",), workers=2, log=log)
    assert [outcome.seconds for outcome in again[:2]] == [outcome.seconds for outcome in first]
    assert campaign(firmware, 3, kinds=("none",), workers=2, log=log) == again


def test_page_counts_what_happened(outcomes: list[Outcome]) -> None:
    text = page(outcomes, 12)
    row = next(line for line in text.splitlines() if line.startswith("| `none`"))
    assert [cell.strip() for cell in row.split("|")][2:8] == ["2", "2", "0", "0", "0", "0"]
    assert f"{len(outcomes)} runs" in text
