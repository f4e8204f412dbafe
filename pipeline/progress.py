"""How long work reports where it is. Library code takes a :class:`Progress`; the console layer draws it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Task(Protocol):
    """One running piece of work."""

    def advance(self, steps: float = 1, note: str = "") -> None:
        """Moves on by ``steps``; ``note`` replaces the short text beside the bar."""


class Progress(Protocol):
    """Where tasks are shown."""

    def task(self, description: str, total: float | None) -> AbstractContextManager[Task]:
        """Opens a task of ``total`` steps (None: unknown), closed at the end of the ``with`` block."""

    def info(self, message: str) -> None:
        """Shows one line worth keeping."""


class _SilentTask:
    def advance(self, steps: float = 1, note: str = "") -> None:
        pass


class SilentProgress:
    """Shows nothing; the default everywhere."""

    @contextmanager
    def task(self, description: str, total: float | None) -> Iterator[Task]:
        yield _SilentTask()

    def info(self, message: str) -> None:
        pass


SILENT: Progress = SilentProgress()
