"""Progress bars with an ETA on a terminal; one line per task elsewhere, so that logs stay readable."""

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


class _BarTask:
    def __init__(self, progress: Progress, task_id: TaskID) -> None:
        self._progress, self._id = progress, task_id

    def advance(self, steps: float = 1, note: str = "") -> None:
        self._progress.advance(self._id, steps)
        if note:
            self._progress.update(self._id, note=note)


class _LineTask:
    def __init__(self) -> None:
        self.note = ""

    def advance(self, steps: float = 1, note: str = "") -> None:
        self.note = note or self.note


class RichProgress:
    """Shows tasks on a console; implements :class:`pipeline.progress.Progress`."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Progress | None = None

    @contextmanager
    def task(self, description: str, total: float | None) -> Iterator[Task]:
        if not self._console.is_terminal:
            yield from self._plain(description)
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

    def _plain(self, description: str) -> Iterator[Task]:
        started, task = time.monotonic(), _LineTask()
        yield task
        self._console.print(
            f"  {description}: {time.monotonic() - started:.1f} s {task.note}".rstrip(), highlight=False, markup=False
        )

    def info(self, message: str) -> None:
        self._console.print(f"  {message}", highlight=False, markup=False)
