"""A folder in Google Speech Commands' layout: one folder per word, optional lists of validation and testing clips."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.config import CorpusSection, word_name
from pipeline.corpus.audio import SUFFIXES
from pipeline.corpus.data import SPLITS, UNKNOWN_LABEL, SplitName
from pipeline.corpus.table import read_table
from pipeline.errors import CorpusError
from pipeline.progress import SILENT, Progress

NOISE_FOLDER = "_background_noise_"

_HASH_RANGE = 2**27 - 1
_LAYOUT = "put wav or flac files in one folder per word (docs/data.md)"


@dataclass(frozen=True)
class ClipFile:
    """One recording; ``name`` is its path relative to the data folder, with forward slashes."""

    name: str
    label: int
    speaker: str
    split: SplitName


@dataclass(frozen=True)
class Folder:
    """All recordings of a data folder.

    Attributes:
        absent: names in the split lists that are not there, sorted, each with its split.
        fingerprint: changes with any name, size or time of modification.
    """

    root: Path
    clips: tuple[ClipFile, ...]
    noise: tuple[str, ...]
    absent: tuple[tuple[str, SplitName], ...]
    fingerprint: str

    def check_splits(self, wanted: Sequence[SplitName]) -> None:
        """Of a folder to test on only the testing split is wanted.

        Raises:
            CorpusError: a wanted split has no clips.
        """
        for split in wanted:
            if any(clip.split == split for clip in self.clips):
                continue
            gone = [name for name, own in self.absent if own == split]
            if gone:
                raise CorpusError(
                    f"the {split} split of {self.root} has no clips: {split}_list.txt names {len(gone)} files that are "
                    f"not there, {gone[0]} first",
                    "names in it are WORD/FILE, as below the folder",
                )
            hint = "record more speakers, or say with validation_list.txt and testing_list.txt which clips go where"
            if split == "validation":
                hint += "; --data DIR --test-data DIR takes thresholds from one folder and tests on another"
            raise CorpusError(f"the {split} split of {self.root} has no clips", hint)


@dataclass(frozen=True)
class Word:
    """What a data folder holds of a word: paths relative to it, and how many people say it."""

    name: str
    files: tuple[str, ...]
    speakers: int


def words_in(root: Path) -> tuple[Word, ...]:
    """The words of a data folder, those of the most speakers first.

    Raises:
        CorpusError: nothing there.
    """
    words, speakers = _audio_files(root)[0], _speakers(root)
    found = [
        Word(name, tuple(files), len({_speaker(file, speakers) for file in files})) for name, files in words.items()
    ]
    return tuple(sorted(found, key=lambda word: (-word.speakers, -len(word.files), word.name)))


def scan_folder(section: CorpusSection, root: Path, progress: Progress = SILENT) -> Folder:
    """Finds the clips of ``root``, their labels, speakers and splits, without opening any audio.

    Raises:
        CorpusError: nothing there, a keyword without a folder, or fewer than two classes.
    """
    words, noise = _audio_files(root)
    _check_keywords(section, words, root)
    speakers = _speakers(root)
    listed = _listed(root)
    label = {word: i for i, word in enumerate(section.labels)}
    clips = []
    for word, names in sorted(words.items()):
        for name in names:
            speaker = _speaker(name, speakers)
            split = listed.get(name) or hash_split(speakers.get(name) or Path(name).name, set(listed.values()))
            clips.append(ClipFile(name, label.get(word, UNKNOWN_LABEL), speaker, split))
    absent = tuple((name, listed[name]) for name in sorted(listed.keys() - {clip.name for clip in clips}))
    if absent:
        progress.info(
            f"{len(absent)} files that the split lists name are not in {root}, {absent[0][0]} first; going on without "
            "them"
        )
    unknown = [clip.name for clip in clips if clip.name not in speakers and "_nohash_" not in clip.name]
    if unknown:
        progress.info(
            f"nothing tells who speaks in {len(unknown)} of {len(clips)} recordings, {unknown[0]} first: each counts "
            "as a speaker of its own, and figures by speaker mean little (see docs/data.md)"
        )
    if not any(clip.label == UNKNOWN_LABEL for clip in clips):
        progress.info(f"{root} holds no words besides the keywords: the model will not learn to reject other speech")
    return Folder(root, tuple(clips), tuple(noise), absent, _fingerprint(root, clips, noise))


def hash_split(name: str, taken: set[SplitName] | None = None) -> SplitName:
    """The split by Speech Commands' published rule: SHA-1 of the name up to ``_nohash_``, 10 % for each of two splits.

    ``taken`` splits have a list of their own and get nothing by hash.
    """
    speaker = re.sub(r"_nohash_.*$", "", name)
    value = int(hashlib.sha1(speaker.encode(), usedforsecurity=False).hexdigest(), 16)
    percent = (value % (_HASH_RANGE + 1)) * (100.0 / _HASH_RANGE)
    split: SplitName = "validation" if percent < 10 else "testing" if percent < 20 else "training"
    return "training" if taken and split in taken else split


def _audio_files(root: Path) -> tuple[dict[str, list[str]], list[str]]:
    if not root.is_dir():
        raise CorpusError(f"no data folder {root}", f"check --data; {_LAYOUT}")
    words: dict[str, list[str]] = {}
    noise: list[str] = []
    try:
        for folder in sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")):
            names = [
                path.relative_to(root).as_posix()
                for path in sorted(folder.rglob("*"))
                if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
            ]
            if folder.name == NOISE_FOLDER:
                noise = names
            elif names and not folder.name.startswith("_"):
                words.setdefault(word_name(folder.name), []).extend(names)
    except OSError as error:
        raise CorpusError(f"cannot read {error.filename or root}: {error.strerror}", "check its permissions") from None
    if not words:
        raise CorpusError(f"no recordings in {root}", _LAYOUT)
    return words, noise


def _check_keywords(section: CorpusSection, words: dict[str, list[str]], root: Path) -> None:
    for keyword in section.keywords:
        if keyword not in words:
            near = difflib.get_close_matches(keyword, words, n=1, cutoff=0.6)
            there = ", ".join(sorted(words)[:30])
            raise CorpusError(
                f"{root} has no recordings of the keyword {keyword!r}",
                (f"did you mean {near[0]}? " if near else "") + f"there is: {there}",
            )
    if len(words) < 2:
        raise CorpusError(
            f"{root} holds one class only: {', '.join(words)}",
            "add folders of other words: what is no keyword teaches the model what to reject",
        )


def _speaker(name: str, known: dict[str, str]) -> str:
    return known.get(name) or re.sub(r"_nohash_.*$", "", Path(name).stem)


def _speakers(root: Path) -> dict[str, str]:
    return {name: speaker for name, speaker in (read_table(root, "speaker") or {}).items() if speaker}


def _listed(root: Path) -> dict[str, SplitName]:
    listed: dict[str, SplitName] = {}
    for split in SPLITS[1:]:
        path = root / f"{split}_list.txt"
        if not path.is_file():
            continue
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise CorpusError(f"{path} is not readable: {error}", "fix or delete it") from None
        for line in lines:
            name = line.strip().replace("\\", "/").removeprefix("./")
            if not name:
                continue
            if listed.setdefault(name, split) != split:
                raise CorpusError(f"{name} is in both split lists of {root}", "take it out of one")
    return listed


def _fingerprint(root: Path, clips: list[ClipFile], noise: list[str]) -> str:
    digest = hashlib.sha256()
    for clip in clips:
        digest.update(f"{clip.name}\0{clip.label}\0{clip.speaker}\0{clip.split}\0".encode())
    for name in [clip.name for clip in clips] + noise:
        status = (root / name).stat()
        digest.update(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
    return digest.hexdigest()
