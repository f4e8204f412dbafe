"""From a recipe's corpus section to a corpus, through the cache."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pipeline.corpus.data import Corpus, Split
from pipeline.corpus.folder import scan_folder
from pipeline.corpus.recorded import load_recorded
from pipeline.corpus.store import cached_corpus
from pipeline.errors import CorpusError
from pipeline.progress import SILENT, Progress
from pipeline.recipe import CorpusSection
from pipeline.stages import code_version


def load_corpus(
    section: CorpusSection,
    data_dir: Path | None,
    cache_dir: Path,
    *,
    seed: int = 1,
    progress: Progress = SILENT,
) -> Corpus:
    """Loads all three splits: decodes or synthesises on first use, maps from ``cache_dir`` afterwards.

    Args:
        section: what to load; ``source`` says from where.
        data_dir: folder of recordings; for ``source = "synthetic"`` not used.
        cache_dir: where decoded clips, synthesised speech and downloads are kept.
        seed: draws silence crops, synthetic voices and unknown clips.

    Raises:
        CorpusError: data that cannot be used; says which and why.
    """
    if section.source == "synthetic":
        from pipeline.corpus.synthesis import synthesiser_version
        from pipeline.corpus.synthetic import load_synthetic

        key = _key(section, synthesiser_version(), seed)
        return cached_corpus(
            cache_dir,
            key,
            lambda: load_synthetic(section, seed=seed, manifest_hash=key, progress=progress),
        )
    if section.source == "speech_commands_v2" and data_dir is None:
        from pipeline.corpus.download import fetch_speech_commands

        data_dir = fetch_speech_commands(cache_dir, progress=progress)
    if data_dir is None:
        raise CorpusError("this recipe needs a folder of recordings", "name it with --data DIR (docs/data.md)")
    folder = scan_folder(section, data_dir, progress)
    key = _key(section, folder.fingerprint, seed)
    return cached_corpus(
        cache_dir,
        key,
        lambda: load_recorded(section, folder, seed=seed, manifest_hash=key, progress=progress),
    )


def test_split(
    section: CorpusSection,
    data_dir: Path,
    cache_dir: Path,
    *,
    seed: int = 1,  # noqa: PT028
    progress: Progress = SILENT,  # noqa: PT028
) -> Split:
    """The testing split of a folder of recordings, labelled as ``section`` says: real speech for a synthetic model.

    Raises:
        CorpusError: as ``load_corpus``.
    """
    folder = scan_folder(section, data_dir, progress)
    key = _key(section, f"testing {folder.fingerprint}", seed)
    return cached_corpus(
        cache_dir,
        key,
        lambda: load_recorded(section, folder, seed=seed, splits=("testing",), manifest_hash=key, progress=progress),
    ).testing


def _key(section: CorpusSection, content: str, seed: int) -> str:
    code = code_version("pipeline/corpus")
    return hashlib.sha256("\0".join([code, section.model_dump_json(), content, str(seed)]).encode()).hexdigest()


test_split.__test__ = False  # type: ignore[attr-defined]  # not a test, whatever pytest makes of its name
