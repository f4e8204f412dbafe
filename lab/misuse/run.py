"""Runs cases and judges how they end."""

from __future__ import annotations

import functools
import importlib
import multiprocessing
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
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
        before_us = case.signal is not None and "KeyboardInterrupt" in said and "/pipeline/" not in said
        return "" if before_us else "a traceback"  # of Python, which had not come to any line of ours
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
    if case is not None and case.signal is not None:
        return _signalled(command, folder, case)
    said = folder / "said"
    os.mkfifo(said)  # a file would be limited too
    reader = os.open(said, os.O_RDONLY | os.O_NONBLOCK)
    limit = None if case is None else case.file_bytes
    process = _fresh().Process(target=_become, args=(command, folder, said, limit))
    process.start()
    deadline, text = time.monotonic() + _PATIENCE_SECONDS, b""
    while process.exitcode is None:
        process.join(0.05)
        with suppress(BlockingIOError):
            text += os.read(reader, 1 << 16)
        if time.monotonic() > deadline:
            process.kill()
    with suppress(BlockingIOError):
        while data := os.read(reader, 1 << 16):
            text += data
    os.close(reader)
    return process.exitcode, text.decode("utf-8", "replace")


def _signalled(command: Command, folder: Path, case: Case) -> tuple[int, str]:
    """Runs a command from its very start, in which it may be interrupted too."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # else the background's
    )  # fmt: skip
    try:
        process.wait(case.after)
    except subprocess.TimeoutExpired:
        process.send_signal(case.signal or 0)
    try:
        said, _ = process.communicate(timeout=_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        said, _ = process.communicate()
    return process.returncode, said


@functools.cache
def _fresh() -> ForkServerContext:
    """Where processes come from that have imported every command and run none."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([f"pipeline.{name}" for name in ("build", "listen", "tune", "board", "record")])
    return context


def _become(command: Command, folder: Path, said: Path, file_bytes: int | None) -> None:
    """A command, in a process of its own."""
    module, *arguments = command
    os.chdir(folder)
    for stream in (1, 2):
        os.dup2(os.open(said, os.O_WRONLY), stream)
    if file_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    sys.argv = [module, *arguments]
    importlib.import_module(module).main(arguments, prog_name=f"python -m {module}")
