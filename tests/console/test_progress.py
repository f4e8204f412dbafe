"""What a log holds of tasks: how far a long one is, now and then, and what each took; nothing of those in no time."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from pipeline.console import RichProgress, progress


class Clock:
    """Seconds that pass where a test says so."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def log_of(clock: Clock, seconds: list[float], total: float | None) -> list[str]:
    """A task that advances by one after each of so many seconds."""
    console = Console(file=io.StringIO(), soft_wrap=True)
    with RichProgress(console).task("Training [4 bits]", total) as task:
        for number, passed in enumerate(seconds):
            clock.now += passed
            task.advance(note=f"loss {number}")
    return console.file.getvalue().splitlines()


def test_a_short_task_is_one_line(clock: Clock) -> None:
    assert log_of(clock, [0.5, 0.75, 28], 3) == ["  Training [4 bits]: 29.2 s loss 2"]


def test_a_long_task_says_every_half_minute_how_far_it_is(clock: Clock) -> None:
    lines = log_of(clock, [2] * 40, 40)
    assert lines == [
        "  Training [4 bits]: 38%, 30.0 s loss 14",
        "  Training [4 bits]: 75%, 60.0 s loss 29",
        "  Training [4 bits]: 80.0 s loss 39",
    ]
    assert log_of(clock, [31], None)[0] == "  Training [4 bits]: 1, 31.0 s loss 0"


def test_what_took_no_time_is_no_news(clock: Clock) -> None:
    assert log_of(clock, [0.1, 0.2], 2) == []
    assert log_of(clock, [], 0) == []
