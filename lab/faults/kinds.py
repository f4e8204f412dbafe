"""The kinds of fault, each drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from lab.faults.corruption import Rates
from lab.faults.journals import MISHAPS

_RATES = (1 / 2000, 1 / 600, 1 / 200, 1 / 60)


@dataclass(frozen=True)
class Event:
    """Something that happens to the device or its port once ``after`` bytes came from it.

    Attributes:
        action: "reset", "replace" (another firmware boots), "vanish" (the port), "freeze" or "occupy" (another program
            takes the port before the test).
        seconds: until it is over; None for good.
    """

    action: str
    after: int
    seconds: float | None = None


@dataclass(frozen=True)
class Scenario:
    """One run's faults.

    Attributes:
        journal: what was left behind before the test; a name of ``lab.faults.journals.MISHAPS``.
        hangs: the firmware hangs at its first inference after power came on.
        silence: seconds for which the host says nothing.
        may_complete: a run may end with results; else it must stop with a message.
    """

    rates: Rates = field(default_factory=Rates)
    events: tuple[Event, ...] = ()
    journal: str | None = None
    hangs: bool = False
    silence: float = 0.0
    may_complete: bool = True

    @property
    def restarts(self) -> bool:
        """Whether the device has a reason to start again during the test."""
        return self.hangs or any(event.action in ("reset", "replace") for event in self.events)


def _rate(draw: random.Random) -> float:
    return draw.choice(_RATES)


def _resets(draw: random.Random) -> Scenario:
    count = draw.randint(1, 3)
    return Scenario(events=tuple(Event("reset", draw.randint(0, 3000)) for _ in range(count)))


def _storm(draw: random.Random) -> Scenario:
    rate = _rate(draw) / 3
    return Scenario(
        Rates(rate, rate, rate, rate, rate / 16, split=draw.random() < 0.5, delay=0.001),
        _resets(draw).events if draw.random() < 0.3 else (),
    )


KINDS: dict[str, tuple[str, Callable[[random.Random], Scenario]]] = {
    "none": ("a good line, for comparison", lambda draw: Scenario()),
    "drop": ("bytes lost", lambda draw: Scenario(Rates(drop=_rate(draw)))),
    "duplicate": ("bytes doubled", lambda draw: Scenario(Rates(duplicate=_rate(draw)))),
    "insert": ("bytes inserted", lambda draw: Scenario(Rates(insert=_rate(draw)))),
    "flip": ("bits inverted", lambda draw: Scenario(Rates(flip=_rate(draw)))),
    "block": ("64-byte blocks lost", lambda draw: Scenario(Rates(block=_rate(draw) / 8))),
    "split": ("lines split into pieces", lambda draw: Scenario(Rates(split=True, delay=draw.uniform(0, 0.004)))),
    "merge": ("lines held back and merged", lambda draw: Scenario(Rates(merge=True, delay=draw.uniform(0, 0.08)))),
    "late": (
        "answers later than the test waits",
        lambda draw: Scenario(Rates(merge=True, delay=draw.uniform(0.05, 0.2))),
    ),
    "storm": ("bytes lost, doubled, inserted and inverted, blocks lost, pieces, resets", _storm),
    "reset": ("the device resets midway", _resets),
    "vanish": (
        "the port disappears and comes back",
        lambda draw: Scenario(events=(Event("vanish", draw.randint(0, 1500), draw.uniform(0.02, 0.3)),)),
    ),
    "pause": (
        "the device stops answering for a while",
        lambda draw: Scenario(events=(Event("freeze", draw.randint(0, 1500), draw.uniform(0.05, 0.8)),)),
    ),
    "unplug": (
        "the port disappears for good",
        lambda draw: Scenario(events=(Event("vanish", draw.randint(0, 600)),), may_complete=False),
    ),
    "silence": (
        "the device stops answering for good",
        lambda draw: Scenario(events=(Event("freeze", draw.randint(0, 600)),), may_complete=False),
    ),
    "stale": (
        "another firmware from the start",
        lambda draw: Scenario(events=(Event("replace", -1),), may_complete=False),
    ),
    "swap": (
        "another firmware boots midway",
        lambda draw: Scenario(events=(Event("replace", draw.randint(100, 600)),), may_complete=False),
    ),
    "busy": (
        "another program holds the port",
        lambda draw: Scenario(events=(Event("occupy", -1),), may_complete=False),
    ),
    "journal": (
        "a journal of other tests, mixed up or damaged",
        lambda draw: Scenario(journal=draw.choice(tuple(MISHAPS))),
    ),
    "hang": ("the firmware hangs until its watchdog bites", lambda draw: Scenario(hangs=True)),
    "wait": ("nothing is said for longer than the watchdog's time", lambda draw: Scenario(silence=7.0)),
}
"""Every kind of fault by name: what it is, and a scenario drawn at random."""

_OF_DRIVERS = ("hang", "wait")


def kinds_for(target: str) -> tuple[str, ...]:
    """The kinds of fault that a target can have: the firmware as a Linux program has no watchdog."""
    return tuple(kind for kind in KINDS if target != "host" or kind not in _OF_DRIVERS)


def scenario(kind: str, seed: int) -> Scenario:
    """The scenario of one run."""
    return KINDS[kind][1](random.Random(f"{kind} {seed}"))
