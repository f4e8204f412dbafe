"""Fault campaign: the on-device test over ports that misbehave (docs/faults.md)."""

from pipeline.device.faults.campaign import Firmware, campaign, run_once
from pipeline.device.faults.kinds import KINDS, Event, Scenario, scenario
from pipeline.device.faults.outcome import Outcome, failures

__all__ = ["KINDS", "Event", "Firmware", "Outcome", "Scenario", "campaign", "failures", "run_once", "scenario"]
