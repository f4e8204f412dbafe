"""From a recipe's corpus section to a corpus, through the cache."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.config import CorpusSection
from pipeline.corpus.data import SPLITS, Corpus, SplitName
from pipeline.corpus.folder import scan_folder
from pipeline.corpus.recorded import load_recorded
from pipeline.corpus.store import read_corpus, write_corpus
from pipeline.errors import CorpusError
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
        data_dir: folder of recordings; for ``source = "synthetic"`` not used.
        cache_dir: where decoded clips, synthesised speech and downloads are kept.
        seed: draws silence crops, synthetic voices and unknown clips.
        splits: the ones wanted; the others stay empty.

    Raises:
        CorpusError: data that cannot be used; says which and why.
    """
    if section.source == "synthetic":
        from pipeline.corpus.synthesis import synthesiser_version
        from pipeline.corpus.synthetic import load_synthetic

        content = synthesiser_version()

        def make(folder: Path) -> None:
            write_corpus(load_synthetic(section, seed=seed, splits=splits, progress=progress), folder)

    else:
        if section.source == "speech_commands_v2" and data_dir is None:
            from pipeline.corpus.download import fetch_speech_commands

            data_dir = fetch_speech_commands(cache_dir, progress=progress)
        if data_dir is None:
            raise CorpusError("this recipe needs a folder of recordings", "name it with --data DIR (docs/data.md)")
        recordings = scan_folder(section, data_dir, progress)
        content = recordings.fingerprint

        def make(folder: Path) -> None:
            write_corpus(load_recorded(section, recordings, seed=seed, splits=splits, progress=progress), folder)

    inputs = {"section": section.model_dump(), "content": content, "seed": seed, "splits": splits}
    stage = Stages(cache_dir, progress).run("corpus", inputs, make)
    return read_corpus(stage.folder, stage.key)
