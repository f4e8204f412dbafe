"""What a person sees while a word is recorded: a countdown, and how loud it is."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.live import Live
from rich.text import Text

from pipeline.console.timeline import QUIETEST_DB, bar, level_db
from pipeline.corpus.data import SAMPLE_RATE


def capture(
    console: Console, word: str, blocks: Iterable[NDArray[np.int16]], countdown: int, seconds: float
) -> NDArray[np.int16]:
    """Shows a countdown of so many seconds while the microphone settles, then the level; returns what came after it.

    Args:
        blocks: mono int16 at 16 kHz, without an end.

    Returns:
        int16 ``[seconds * 16000]``.
    """
    settling, wanted = countdown * SAMPLE_RATE, round(seconds * SAMPLE_RATE)
    heard: list[NDArray[np.int16]] = []
    count = 0
    with Live(console=console, transient=True, refresh_per_second=16) as live:
        for pcm in blocks:
            count += len(pcm)
            level = level_db(pcm)
            line = Text(f"{bar(1 - level / QUIETEST_DB)} {level:4.0f} dB  ", style="cyan")
            if count <= settling:
                line.append(f"{-((count - settling) // SAMPLE_RATE)} ...", style="dim")
            else:
                line.append(f"say: {word}", style="bold green")
                heard.append(pcm)
            live.update(line)
            if count - settling >= wanted:
                break
    return np.concatenate(heard)[-wanted:]
