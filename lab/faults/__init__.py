"""Fault campaign: the on-device test over ports that misbehave (docs/faults.md)."""

from lab.faults.campaign import campaign, run_once
from lab.faults.kinds import KINDS, Event, Scenario, kinds_for, scenario
from lab.faults.outcome import Outcome, failures
from lab.faults.subject import Firmware

__all__ = [
    "KINDS",
    "Event",
    "Firmware",
    "Outcome",
    "Scenario",
    "campaign",
    "failures",
    "kinds_for",
    "run_once",
    "scenario",
]
