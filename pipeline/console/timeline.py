"""What a person sees while something listens: the level, the best score, and a line for every event."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.live import Live
from rich.text import Text

from pipeline.corpus.data import SAMPLE_RATE
from pipeline.listening.heard import Event, Step

QUIETEST_DB = -70.0
_BAR = 24


class Timeline:
    """One source's; a context manager. On a terminal its last line is alive, elsewhere only events are lines.

    Args:
        keywords: in the order of ``Step.scores``.
        seconds: length of the source, None where nobody knows.
    """

    def __init__(self, console: Console, name: str, keywords: Sequence[str], seconds: float | None) -> None:
        self._console, self._keywords, self._seconds = console, keywords, seconds
        self._live = Live(console=console, transient=True, refresh_per_second=12) if console.is_terminal else None
        self._heard = 0
        console.print(Text(name, style="bold" if self._live else ""))

    def __enter__(self) -> Timeline:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, pcm: NDArray[np.int16], steps: Sequence[Step], events: Sequence[Event]) -> None:
        """Takes what was heard and what came of it."""
        self._heard += len(pcm)
        self._say(events)
        if self._live is not None:
            self._live.update(self._line(pcm, steps))

    def told(self, sample: int, events: Sequence[Event], lost: Sequence[tuple[int, int]]) -> None:
        """Takes what a board tells of sound that only it hears: where it is, and samples lost before a sample."""
        self._heard = sample
        self._say(events)
        for where, count in lost:
            text = f"{clock(where / SAMPLE_RATE):>10}  {count / SAMPLE_RATE:.2f} s lost: the board was busy"
            self._console.print(Text(text, style="bold red" if self._live else ""))
        if self._live is not None:
            self._live.update(self._where())

    def _say(self, events: Sequence[Event]) -> None:
        for event in events:
            text = f"{clock(event.seconds):>10}  {event.label}  {event.score:.3f}"
            self._console.print(Text(text, style="bold green" if self._live else ""))

    def _where(self) -> Text:
        line = Text(f"{clock(self._heard / SAMPLE_RATE):>10}", style="dim")
        if self._seconds:
            line.append(f" of {clock(self._seconds)}")
        return line

    def _line(self, pcm: NDArray[np.int16], steps: Sequence[Step]) -> Text:
        level = level_db(pcm)
        line = self._where()
        line.append("  ")
        line.append(bar(1 - level / QUIETEST_DB), style="cyan")
        line.append(f" {level:4.0f} dB  ")
        scores = [score for score in (steps[-1].scores if steps else ()) if not math.isnan(score)]
        if scores:
            best = int(np.argmax(scores))
            line.append(bar(scores[best]), style="green")
            line.append(f" {self._keywords[best]} {scores[best]:.2f}")
        return line


def clock(seconds: float) -> str:
    """Minutes and seconds."""
    return f"{int(seconds // 60)}:{seconds % 60:05.2f}"


def level_db(pcm: NDArray[np.int16]) -> float:
    """Root mean square against full scale, in decibels, not below what is shown."""
    power = float(np.mean((pcm.astype(np.float64) / 32768) ** 2)) if len(pcm) else 0.0
    return max(QUIETEST_DB, 10 * math.log10(power)) if power else QUIETEST_DB


def bar(share: float) -> str:
    """A share, 0..1, as a bar."""
    full = round(min(max(share, 0.0), 1.0) * _BAR)
    return "█" * full + "·" * (_BAR - full)
