"""From a recipe's corpus section to a corpus, through the cache."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.config import CorpusSection
from pipeline.corpus.data import SPLITS, Corpus, SplitName
from pipeline.corpus.registry import SOURCES
from pipeline.corpus.store import read_corpus, write_corpus
from pipeline.progress import SILENT, Progress
from pipeline.stages import Stages


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
        write_corpus(found.read(seed=seed, splits=splits, progress=progress), folder)

    inputs = {"section": section.model_dump(), "content": found.content, "seed": seed, "splits": splits}
    stage = Stages(cache_dir, progress).run("corpus", inputs, make)
    return read_corpus(stage.folder, stage.key)
