"""How runs end, and a file that remembers it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import TextIO

from pipeline.files import write_text

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


class OutcomeLog:
    """Outcomes by kind and seed, appended to a file of one JSON object a line behind a line that names the build."""

    def __init__(self, path: Path | None, build: str) -> None:
        self.outcomes: dict[tuple[str, int], Outcome] = {}
        self._file: TextIO | None = None
        if path is None:
            return
        lines = path.read_text("utf-8").splitlines(keepends=True) if path.is_file() else []
        whole = [line for line in lines[1:] if line.endswith("\n")] if lines[:1] == [f"{build}\n"] else []
        for line in whole:
            self._remember(Outcome(**json.loads(line)))
        write_text(path, "".join([f"{build}\n", *whole]))  # without a last line cut short
        self._file = path.open("a", encoding="utf-8")

    def _remember(self, outcome: Outcome) -> None:
        self.outcomes[outcome.kind, outcome.seed] = outcome

    def add(self, outcome: Outcome) -> None:
        self._remember(outcome)
        if self._file is not None:
            self._file.write(json.dumps(asdict(outcome)) + "\n")
            self._file.flush()

    def __enter__(self) -> OutcomeLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
