"""Runs cases and judges how they end."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.misuse import accidents, files, lines
from lab.misuse.case import Case, Command, Place, Situation

KINDS: dict[str, tuple[Callable[[Situation], Case], int]] = {
    "command line": (lines.line, 55),
    "recipe": (files.recipe, 35),
    "recording": (files.recording, 20),
    "folder": (files.folder, 20),
    "model": (files.model, 20),
    "place": (accidents.stuck, 10),
    "full disk": (accidents.full_disk, 10),
    "cache": (accidents.cache, 8),
    "interrupted": (accidents.interrupted, 18),
    "killed": (accidents.killed, 4),
}
"""Each with how many of two hundred are of its kind."""

_PATIENCE_SECONDS = 400.0
_HINTS = ("hint:", "--help' for help", "Usage:")


@dataclass(frozen=True)
class Outcome:
    """How a case ended.

    Attributes:
        wrong: what should not have been; empty where nothing.
        status: exit status, negative for a signal.
        said: the end of what the command said.
    """

    kind: str
    number: int
    what: str
    wrong: str
    status: int
    seconds: float
    said: str


def sample(count: int) -> Iterator[tuple[str, int]]:
    """Kinds and numbers of so many cases, in the campaign's proportions and at least one of each kind."""
    whole = sum(share for _, share in KINDS.values())
    for kind, (_, share) in KINDS.items():
        for number in range(max(1, round(count * share / whole))):
            yield kind, number


def judge(kind: str, number: int, seed: int, place: Place) -> Outcome:
    """Makes a case, runs it, and says what was wrong with its end."""
    with tempfile.TemporaryDirectory(prefix="misuse-") as folder:
        rng = random.Random(f"{kind} {number} {seed}")
        case = KINDS[kind][0](Situation(Path(folder), place, rng))
        start = time.monotonic()
        status, said = _run(case.command, Path(folder), case)
        wrong = _wrong(case, status, said)
        if not wrong and case.again is not None:
            again, said = _run(case.again, Path(folder))
            wrong = f"run again, it ended with {again}" if again else ""
        return Outcome(kind, number, case.what, wrong, status, time.monotonic() - start, said[-2000:])


def _wrong(case: Case, status: int, said: str) -> str:
    ended_by_us = case.signal is not None and status in (-case.signal, 128 + case.signal)
    if "Traceback" in said:
        return "a traceback"
    if ended_by_us or (case.ending == "any" and status == 0):
        return ""
    if status < 0:
        return f"signal {-status}"
    if case.ending == "well":
        return f"ended with {status}" if status else ""
    if status == 0:
        return "accepted"
    return "" if any(hint in said for hint in _HINTS) else "no hint"


def _run(command: Command, folder: Path, case: Case | None = None) -> tuple[int, str]:
    """Exit status and what was said; a process that does not end is killed, with status -9."""
    module, *arguments = command
    limit = None if case is None else case.file_bytes

    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", preexec_fn=prepare, start_new_session=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )  # fmt: skip
    try:
        if case is not None and case.signal is not None:
            try:
                process.wait(case.after)
            except subprocess.TimeoutExpired:
                process.send_signal(case.signal)
        said, _ = process.communicate(timeout=_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        said, _ = process.communicate()
    return process.returncode, said
