"""How runs end, and a file that remembers it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

LIMIT_SECONDS = 60.0
"""A run that takes longer hangs."""

COMPLETED, STOPPED, WRONG, CRASHED = "completed", "stopped", "wrong", "crashed"


@dataclass(frozen=True)
class Outcome:
    """How one run ended.

    Attributes:
        end: "completed" with the right results, "stopped" with a message, "wrong" results, or "crashed".
        message: of the error, or the traceback of a crash.
        retries: commands sent again, where known.
        resumed: after a stop, results that the rerun on a good line took over from the journal.
        rerun: whether that rerun completed with the right results; None when there was nothing to rerun.
    """

    kind: str
    seed: int
    end: str
    message: str
    seconds: float
    retries: int = 0
    resumed: int = 0
    rerun: bool | None = None

    @property
    def allowed(self) -> bool:
        """Whether this is one of the ends that the kind of fault permits."""
        if self.end == STOPPED:
            return self.rerun is True
        return self.end == COMPLETED


def failures(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Outcomes that no kind of fault excuses: wrong results, crashes, hangs, reruns that fail."""
    return [outcome for outcome in outcomes if not outcome.allowed or outcome.seconds > LIMIT_SECONDS]


def messages(outcomes: Sequence[Outcome]) -> Counter[str]:
    """How often runs stopped with which message, digits and port names taken out."""
    return Counter(_shape(outcome.message) for outcome in outcomes if outcome.end == STOPPED)


def _shape(message: str) -> str:
    words = [("PORT" if "/" in word else word) for word in message.split()]
    return " ".join("N" if any(c.isdigit() for c in word) else word for word in words)[:120]
