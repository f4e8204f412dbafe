"""One mistake or accident."""

from __future__ import annotations

import os
import random
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Command = tuple[str, ...]
"""A module of ``pipeline`` and its arguments."""
Ending = Literal["refused", "well", "any"]


@dataclass(frozen=True)
class Place:
    """What a user has before the accident: a finished small run.

    Attributes:
        recipe: TOML file with the keywords ``low`` and ``high``.
        data: folder of recordings, which has the word ``other`` too.
        out: folder of the finished run, and ``cache`` that of its speech.
        model: its ``.tflite``.
        image: an ELF for another board than ``nano33``.
        seconds: that a whole run takes, about.
    """

    recipe: Path
    data: Path
    out: Path
    cache: Path
    model: Path
    image: Path
    seconds: float

    def run(self, out: Path, cache: Path) -> Command:
        """The command of the finished run, with other folders."""
        return (
            "pipeline.build", "--recipe", str(self.recipe), "--data", str(self.data), "--no-compare", "--target",
            "host", "--out", str(out), "--cache", str(cache),
        )  # fmt: skip


@dataclass(frozen=True)
class Case:
    """What happens.

    Attributes:
        what: in words.
        command: that meets it.
        ending: refused: another status than 0, and a hint; well: 0; any: either of both.
        file_bytes: size that no file can exceed, as on a full disk.
        signal: sent so many seconds ``after`` its start; the command may then end by it.
        again: must then end well.
    """

    what: str
    command: Command
    ending: Ending = "refused"
    file_bytes: int | None = None
    signal: int | None = None
    after: float = 0.0
    again: Command | None = None


@dataclass(frozen=True)
class Situation:
    """What a case is made from: an empty folder of its own, a user's place, and chance."""

    folder: Path
    place: Place
    rng: random.Random

    def recordings(self) -> Path:
        """A copy of the user's recordings; files are to be replaced, not written into."""
        return Path(shutil.copytree(self.place.data, self.folder / "data", copy_function=os.link))

    def train(self, *, recipe: Path | None = None, data: Path | None = None, cache: Path | None = None) -> Command:
        """A training run into the folder, of the user's own where nothing else is named."""
        return (
            "pipeline.build", "train", "--recipe", str(recipe or self.place.recipe), "--data",
            str(data or self.place.data), "--out", str(self.folder / "out"), "--cache", str(cache or self.place.cache),
        )  # fmt: skip
