"""How runs end, and a file that remembers it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

LIMIT_SECONDS = {"host": 120.0, "nano33": 300.0}
"""A run that takes longer hangs, by target."""

COMPLETED, STOPPED, WRONG, CRASHED = "completed", "stopped", "wrong", "crashed"


@dataclass(frozen=True)
class Outcome:
    """How one run ended.

    Attributes:
        target: what the firmware ran on.
        end: "completed" with the right results, "stopped" with a message, "wrong" results, or "crashed".
        message: of the error, or the traceback of a crash.
        retries: commands sent again, where known.
        resumed: after a stop, results that the rerun on a good line took over from the journal.
        rerun: whether that rerun completed with the right results; None when there was nothing to rerun.
    """

    target: str
    kind: str
    seed: int
    end: str
    message: str
    seconds: float
    retries: int = 0
    resumed: int = 0
    rerun: bool | None = None

    @property
    def hangs(self) -> bool:
        """Whether it took too long, however it ended."""
        return self.seconds > LIMIT_SECONDS[self.target]

    @property
    def allowed(self) -> bool:
        """Whether this is one of the ends that the kind of fault permits, in time."""
        return not self.hangs and (self.end == COMPLETED or (self.end == STOPPED and self.rerun is True))


def failures(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Outcomes that no kind of fault excuses: wrong results, crashes, hangs, reruns that fail."""
    return [outcome for outcome in outcomes if not outcome.allowed]


def messages(outcomes: Sequence[Outcome]) -> Counter[str]:
    """How often runs stopped with which message, digits and port names taken out."""
    return Counter(_shape(outcome.message) for outcome in outcomes if outcome.end == STOPPED)


def _shape(message: str) -> str:
    words = [("PORT" if "/" in word else word) for word in message.split()]
    return " ".join("N" if any(c.isdigit() for c in word) else word for word in words)[:120]
