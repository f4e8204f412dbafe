"""From a recipe's corpus section to a corpus, through the cache."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from pipeline.config import CorpusSection
from pipeline.corpus.data import SPLITS, Corpus, SplitName
from pipeline.corpus.registry import SOURCES
from pipeline.corpus.store import read_corpus, write_corpus
from pipeline.progress import SILENT, Progress, Task
from pipeline.stages import Stages

_NOTES = "notes.json"


class _Noting:
    """Passes on what it is told and keeps the lines worth keeping."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.notes: list[str] = []

    def task(self, description: str, total: float | None) -> AbstractContextManager[Task]:
        return self._progress.task(description, total)

    def info(self, message: str) -> None:
        self.notes.append(message)
        self._progress.info(message)


def load_corpus(
    section: CorpusSection,
    data_dir: Path | None,
    cache_dir: Path,
    *,
    seed: int = 1,
    splits: Sequence[SplitName] = SPLITS,
    progress: Progress = SILENT,
) -> Corpus:
    """Loads a corpus: decodes or synthesises on first use, maps from ``cache_dir`` afterwards.

    Args:
        section: what to load; ``source`` says from where.
        data_dir: folder of recordings, for sources that take one.
        cache_dir: where decoded clips, synthesised speech and downloads are kept.
        seed: draws silence crops, synthetic voices and unknown clips.
        splits: the ones wanted; the others stay empty.

    Raises:
        CorpusError: data that cannot be used; says which and why.
    """
    found = SOURCES[section.source].find(section, data_dir, cache_dir, progress)

    def make(folder: Path) -> None:
        noting = _Noting(progress)
        write_corpus(found.read(seed=seed, splits=splits, progress=noting), folder)
        (folder / _NOTES).write_text(json.dumps(noting.notes), "utf-8")

    inputs = {"section": section.model_dump(), "content": found.content, "seed": seed, "splits": splits}
    stage = Stages(cache_dir, progress).run("corpus", inputs, make)
    if stage.cached:  # what was worth saying of the recordings still is
        for note in json.loads((stage.folder / _NOTES).read_text("utf-8")):
            progress.info(note)
    return read_corpus(stage.folder, stage.key)
