"""What to tune and test on: streams of the validation and the testing split, told apart by kind."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.corpus.audio import all_good, read_or_error
from pipeline.corpus.data import (
    SILENCE_LABEL,
    SPLITS,
    SYNTHESISED_FOLDER,
    UNKNOWN_LABEL,
    Corpus,
    Split,
    SplitName,
    word_of,
)
from pipeline.corpus.negatives import split_negatives
from pipeline.corpus.noise import Recording
from pipeline.corpus.sentences import synthetic_sentences
from pipeline.errors import CorpusError
from pipeline.listening.streams import Stream, keyword_stream, negative_stream
from pipeline.progress import SILENT, Progress

SNR_DB: tuple[float | None, ...] = (None, 20.0, 10.0, 5.0)
"""Of the keyword streams; None: a quiet room."""


@dataclass(frozen=True)
class Material:
    """The streams of one split; their names say their kinds.

    Attributes:
        keywords: every keyword clip once in each stream, ratio of speech to noise falling.
        negatives: nobody says a keyword.
    """

    keywords: tuple[Stream, ...]
    negatives: tuple[Stream, ...]


def make_material(
    corpus: Corpus, split: SplitName, folders: Sequence[Path], hours: float, seed: int, progress: Progress = SILENT
) -> Material:
    """Streams of a split.

    Negatives are the split's unknown words (those that training knows from other speakers apart from those that it
    never saw), recordings of ``folders``, and ``hours`` of synthesised sentences where espeak-ng is installed.

    Args:
        corpus: with its training split, which says what training saw.
        folders: of recordings in which no keyword is said: see ``read_negatives``.
        seed: draws order, levels, pauses and noise, and decides which voices are whose.

    Raises:
        CorpusError: no keywords or no negatives, a folder that cannot be used, or the synthesiser failed.
    """
    clips = corpus.split(split)
    noise = _noise(clips)
    key = seed * len(SPLITS) + SPLITS.index(split)
    keywords = tuple(keyword_stream(clips, corpus.labels, noise, key, snr_db=snr) for snr in SNR_DB)
    known = set(map(word_of, corpus.training.files))
    unknown = [
        (word_of(clips.files[i]), clips.pcm[i])
        for i in np.flatnonzero(clips.label == UNKNOWN_LABEL)
        # beside recordings there is better material than single words that were synthesised: sentences
        if not clips.files[i].startswith(SYNTHESISED_FOLDER)
    ]
    kinds: list[tuple[str, list[Recording]]] = [
        ("other words", [one for one in unknown if one[0] in known]),
        ("unseen words", [one for one in unknown if one[0] not in known]),
        *((f"recordings in {folder.name}", read_negatives(folder, split)) for folder in folders),
    ]
    if hours and importlib.util.find_spec("espeakng_loader") is not None:
        said = tuple(label for label in corpus.labels if not label.startswith("_"))
        kinds.append(("synthesised sentences", synthetic_sentences(said, split, hours, seed, progress)))
    elif hours:
        progress.info("no synthesised sentences: pip install 'dynq[speech]' brings the synthesiser")
    negatives = tuple(negative_stream(name, recordings, noise, key) for name, recordings in kinds if recordings)
    if not negatives or not keywords[0].spoken:
        lacks = "keyword clips" if negatives else "speech without a keyword"
        raise CorpusError(f"the {split} split has no {lacks}", "see docs/data.md and --negatives")
    return Material(keywords, negatives)


def read_negatives(folder: Path, split: SplitName) -> list[Recording]:
    """Recordings of one split in a folder, in which no keyword is said.

    ``split_negatives`` says which those are.

    Raises:
        CorpusError: no recordings for the split, a table that is none, or damaged files.
    """
    if not folder.is_dir():
        raise CorpusError(f"no folder {folder}", "check --negatives")
    wanted = [name for name, own in split_negatives(folder).items() if own == split]
    if not wanted:
        raise CorpusError(
            f"{folder} has no recordings for {split}",
            "add recordings, or a metadata.csv with columns file and split (training, validation, testing)",
        )
    return list(zip(wanted, all_good(read_or_error(folder / name) for name in wanted), strict=True))


def _noise(clips: Split) -> list[Recording]:
    """The split's own noise, which training never heard."""
    silent = [i for i in range(len(clips)) if int(clips.label[i]) == SILENCE_LABEL]
    return [(clips.files[i], clips.pcm[i]) for i in silent]
