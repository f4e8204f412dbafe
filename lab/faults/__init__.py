"""Fault campaign: the on-device test over ports that misbehave (docs/faults.md)."""

from lab.faults.campaign import Firmware, campaign, run_once
from lab.faults.kinds import KINDS, Event, Scenario, scenario
from lab.faults.outcome import Outcome, failures

__all__ = ["KINDS", "Event", "Firmware", "Outcome", "Scenario", "campaign", "failures", "run_once", "scenario"]
