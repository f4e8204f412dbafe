"""What every source of speech can do. The rest of the product knows sources by this alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipeline.config import CorpusSection
from pipeline.corpus.data import Corpus, SplitName
from pipeline.progress import Progress


class Read(Protocol):
    """Makes the clips of ``splits`` (the others stay empty), and silence; ``seed`` draws all that is drawn."""

    def __call__(self, *, seed: int, splits: Sequence[SplitName], progress: Progress) -> Corpus: ...


@dataclass(frozen=True)
class Found:
    """Speech that is there to be read, and was not read yet.

    Attributes:
        content: text that changes whenever a clip, its label, speaker or split may have; part of the cache's key.
        read: decodes or makes the clips; CorpusError where it can't.
    """

    content: str
    read: Read


@dataclass(frozen=True)
class Source:
    """One source.

    Attributes:
        find: from the recipe's section, the folder named with ``--data``, and the cache folder to what there is;
            CorpusError where it can't be used.
        describe: where the speech comes from, in a few words, given the folder.
        takes_folder: whether a folder can be given.
    """

    find: Callable[[CorpusSection, Path | None, Path, Progress], Found]
    describe: Callable[[Path | None], str]
    takes_folder: bool
