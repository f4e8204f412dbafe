"""Progress bars with an ETA on a terminal; a few lines elsewhere, so that logs stay readable."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from pipeline.progress import Task

_SILENCE = 30.0
"""Seconds after which a log says how far a task is."""
_NEWS = 1.0
"""Seconds below which it does not say that there was one."""


class _BarTask:
    def __init__(self, progress: Progress, task_id: TaskID) -> None:
        self._progress, self._id = progress, task_id

    def advance(self, steps: float = 1, note: str = "") -> None:
        self._progress.advance(self._id, steps)
        if note:
            self._progress.update(self._id, note=note)


class _LineTask:
    def __init__(self, console: Console, description: str, total: float | None) -> None:
        self._console, self._description, self._total = console, description, total
        self._begun = self._told = time.monotonic()
        self._done, self._note = 0.0, ""

    def advance(self, steps: float = 1, note: str = "") -> None:
        self._done += steps
        self._note = note or self._note
        if time.monotonic() - self._told >= _SILENCE:
            share = f"{self._done:g}" if not self._total else f"{min(1, self._done / self._total):.0%}"
            self._tell(f"{share}, ")

    def end(self) -> None:
        if time.monotonic() - self._begun >= _NEWS:
            self._tell()

    def _tell(self, share: str = "") -> None:
        self._told = time.monotonic()
        line = f"  {self._description}: {share}{self._told - self._begun:.1f} s {self._note}"
        self._console.print(line.rstrip(), highlight=False, markup=False)


class RichProgress:
    """Shows tasks on a console; implements :class:`pipeline.progress.Progress`."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Progress | None = None

    @contextmanager
    def task(self, description: str, total: float | None) -> Iterator[Task]:
        if not self._console.is_terminal:
            line = _LineTask(self._console, description, total)
            yield line
            line.end()
            return
        if self._live is not None:  # a task within a task shares the display
            yield _BarTask(self._live, self._live.add_task(description, total=total, note=""))
            return
        with Progress(
            TextColumn("  {task.description}"),
            BarColumn(30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("eta"),
            TimeRemainingColumn(),
            TextColumn("[dim]{task.fields[note]}"),
            console=self._console,
            transient=True,
        ) as live:
            self._live = live
            try:
                yield _BarTask(live, live.add_task(description, total=total, note=""))
            finally:
                self._live = None

    def info(self, message: str) -> None:
        self._console.print(f"  {message}", highlight=False, markup=False)
