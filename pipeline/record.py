"""``python -m pipeline.record``: words of one's own, recorded into a folder that a build can train on."""

from __future__ import annotations

from pipeline.interrupt import end_at_once

if __name__ == "__main__":
    end_at_once()  # until the command has begun: what follows takes a while

from contextlib import closing
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from pipeline.console import console, guarded
from pipeline.console.meter import capture
from pipeline.corpus.data import SPLITS, SplitName
from pipeline.corpus.takes import Speaker, fault, keep, speaker_in, trim
from pipeline.errors import AudioError
from pipeline.invocation import typed
from pipeline.microphone import Microphone, find_microphone

PATH = click.Path(path_type=Path)
_COUNTDOWN = 2
_MARGIN_SECONDS = 1.0
_TRIES = 3
_EPILOG = """\b
Examples
  python -m pipeline.record 'hey robot' --speaker amelia
  python -m pipeline.record 'hey robot' 'lights on' --speaker bert --split validation --data recordings
  python -m pipeline.build --data recordings --keywords 'hey robot,lights on'
"""


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 110})
@click.argument("words", metavar="WORD...", nargs=-1, required=True)
@click.option("--speaker", metavar="NAME", required=True, help="Who speaks. Files hold a hash of the name only.")
@click.option("--data", type=PATH, metavar="DIR", default=Path("recordings"), show_default=True, help="Data folder.")
@click.option("--clips", type=click.IntRange(1, 1000), default=10, show_default=True, help="Recordings of each word.")
@click.option("--seconds", type=click.FloatRange(0.5, 10), default=1.5, show_default=True, help="Length of each.")
@click.option("--split", type=click.Choice(SPLITS), help="What all of the speaker's are for. [default: by the name]")
@click.option("--play/--no-play", default=True, show_default=True, help="Play each recording, where it asks.")
@click.option("--yes", is_flag=True, help="Ask nothing, keep whatever has a word in it.")
@guarded()
def main(
    words: tuple[str, ...],
    speaker: str,
    data: Path,
    clips: int,
    seconds: float,
    split: SplitName | None,
    play: bool,
    yes: bool,
) -> None:
    """Records a person who says each WORD several times, and keeps what is good: trimmed, as 16 kHz wav, in the layout
    that `pipeline.build --data` reads. Needs the extra `microphone`.

    What is too quiet, clipped or cut off is told and recorded again.
    """
    who, microphone = speaker_in(data, speaker, split), find_microphone()
    console.print(f"{microphone.name}; {speaker} is {who.ident}, for {who.split}", highlight=False, markup=False)
    kept = [0] * len(words)
    try:
        for index, word in enumerate(words):
            while kept[index] < clips:
                console.print(f"{word}: {kept[index] + 1} of {clips}", highlight=False, markup=False)
                take = _take(microphone, word, seconds) if yes else _asked(microphone, word, seconds, play=play)
                if take is None:
                    return
                console.print(str(keep(take, data, word, who)), highlight=False, markup=False, style="dim")
                kept[index] += 1
    finally:
        _show(data, words, kept, who)


def _take(microphone: Microphone, word: str, seconds: float) -> NDArray[np.int16]:
    """A good recording, without a question."""
    for _ in range(_TRIES):
        pcm, wrong = _recorded(microphone, word, seconds)
        if not wrong:
            return pcm
    raise AudioError(f"{_TRIES} recordings of {word} are not good: {wrong}", "is it the right microphone?")


def _asked(microphone: Microphone, word: str, seconds: float, *, play: bool) -> NDArray[np.int16] | None:
    """A recording that its speaker wants to keep; None where there shall be no more."""
    while True:
        pcm, wrong = _recorded(microphone, word, seconds)
        if play:
            microphone.play(pcm)
        usual = "again" if wrong else "keep"
        try:
            answer = console.input(f"[bold]{usual}[/] (Enter), keep (k), again (a), stop (s)? ").strip().lower()[:1]
        except EOFError:
            return None
        match answer or usual[0]:
            case "k":
                return pcm
            case "s":
                return None


def _recorded(microphone: Microphone, word: str, seconds: float) -> tuple[NDArray[np.int16], str]:
    with closing(microphone.blocks()) as blocks:
        pcm = capture(console, word, blocks, _COUNTDOWN, seconds + _MARGIN_SECONDS)
    if wrong := fault(pcm):
        console.print(wrong, highlight=False, markup=False, style="yellow")
    return trim(pcm, seconds), wrong


def _show(data: Path, words: tuple[str, ...], kept: list[int], who: Speaker) -> None:
    if not any(kept):
        console.print("nothing was kept")
        return
    counts = ", ".join(f"{number} of {word}" for word, number in zip(words, kept, strict=True))
    others = " and ".join(name for name in SPLITS if name != who.split)
    command = typed("build", "--data", str(data), "--keywords", ",".join(words))
    console.print(
        f"{counts} for {who.split} in {data}. A build needs other people for {others} (--split), then:\n  {command}",
        highlight=False, markup=False, soft_wrap=True,
    )  # fmt: skip


if __name__ == "__main__":
    main()
