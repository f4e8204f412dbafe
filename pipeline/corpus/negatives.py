"""Folders of speech in which no keyword is said: which recordings there are, and what each is for."""

from __future__ import annotations

from pathlib import Path

from pipeline.corpus.audio import SUFFIXES
from pipeline.corpus.data import SPLITS, SplitName
from pipeline.corpus.folder import hash_split
from pipeline.corpus.table import TABLE, read_table
from pipeline.errors import CorpusError


def split_negatives(folder: Path) -> dict[str, SplitName]:
    """The split of each recording of a folder, by its path relative to it.

    A ``metadata.csv`` with the columns ``file`` and ``split`` says it, in its order; without one the file's name does,
    as in Speech Commands (``hash_split``).

    Raises:
        CorpusError: the table is none, names a split of another name, or recordings that are not there.
    """
    listed = read_table(folder, "split")
    if listed is None:
        found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
        return {path.relative_to(folder).as_posix(): hash_split(path.name) for path in found}
    splits: dict[str, SplitName] = {name: split for name, own in listed.items() for split in SPLITS if split == own}
    other = [name for name in listed if name not in splits]
    if other:
        raise CorpusError(
            f"{folder / TABLE} puts {other[0]} into a split {listed[other[0]]!r}", f"there are {', '.join(SPLITS)}"
        )
    missing = [name for name in splits if not (folder / name).is_file()]
    if missing:
        raise CorpusError(
            f"{folder / TABLE} names {len(missing)} files that are not there, {missing[0]} first",
            "names in it are relative to its folder",
        )
    return splits
