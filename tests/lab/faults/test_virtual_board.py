"""The campaign drives the Nano 33 BLE's drivers on the virtual board: UART, timers and watchdog."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from lab.faults import Firmware, Outcome, campaign, failures, run_once
from lab.faults.outcome import COMPLETED, CRASHED
from lab.faults.subject import prepare
from pipeline.device.link import Timing

pytestmark = pytest.mark.slow
KINDS = ("none", "hang", "wait")
PATIENCE = Timing(answer=30.0, resynchronise=10.0, prod=1.0, quiet=0.5, reopen=30.0, banner=60.0)
"""The machine may be busy."""


@pytest.fixture(scope="module")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Firmware:
    return replace(prepare(tmp_path_factory.mktemp("faults"), "nano33"), timing=PATIENCE)


@pytest.fixture(scope="module")
def outcomes(firmware: Firmware) -> dict[str, Outcome]:
    return {outcome.kind: outcome for outcome in campaign(firmware, len(KINDS), kinds=KINDS, workers=2)}


def test_every_run_ends_as_its_fault_permits(outcomes: dict[str, Outcome]) -> None:
    assert outcomes.keys() == set(KINDS)
    assert failures(list(outcomes.values())) == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_must_pass_passes(outcomes: dict[str, Outcome], kind: str) -> None:
    assert outcomes[kind].end == COMPLETED


def test_a_program_that_faults_is_a_crash(firmware: Firmware, tmp_path: Path) -> None:
    data = bytearray(firmware.image.elf.read_bytes())
    with firmware.image.elf.open("rb") as file:
        elf = ELFFile(file)
        (function,) = elf.get_section_by_name(".symtab").get_symbol_by_name("engine_invoke")
        (at,) = elf.address_offsets(function["st_value"] & ~1)
    data[at : at + 2] = b"\x00\xde"  # an undefined instruction
    damaged = tmp_path / "damaged.elf"
    damaged.write_bytes(data)
    outcome = run_once(replace(firmware, image=replace(firmware.image, elf=damaged)), "none", 1, tmp_path)
    assert outcome.end == CRASHED
