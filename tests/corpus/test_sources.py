"""A source of speech is one file, an entry in the registry and a name in recipes; the rest follows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from pipeline.config import CorpusSection
from pipeline.corpus import SAMPLE_RATE, SOURCES, SPLITS, Corpus, Split, SplitName, load_corpus
from pipeline.corpus.source import Found, Source
from pipeline.progress import SILENT, Progress


def test_the_names_in_recipes_are_those_of_the_registry():
    assert set(get_args(CorpusSection.model_fields["source"].annotation)) == SOURCES.keys()


def _beeps(section: CorpusSection, folder: Path | None, cache: Path, progress: Progress) -> Found:
    samples = round(section.clip_seconds * SAMPLE_RATE)

    def read(*, seed: int, splits: Sequence[SplitName], progress: Progress) -> Corpus:
        def split(name: SplitName) -> Split:
            labels = np.arange(len(section.labels)) if name in splits else np.arange(0)
            pcm = np.array([np.full(samples, 100 * label + seed) for label in labels], np.int16).reshape(-1, samples)
            names = tuple(f"{name}_{label}" for label in labels)
            return Split(pcm, labels.astype(np.int64), names, names)

        return Corpus(section.labels, split("training"), split("validation"), split("testing"), ())

    return Found(f"beeps of {folder}", read)


BEEPS = Source(_beeps, lambda folder: "beeps", takes_folder=True)


@pytest.fixture
def section(monkeypatch: pytest.MonkeyPatch) -> CorpusSection:
    monkeypatch.setitem(SOURCES, "beeps", BEEPS)
    return CorpusSection(keywords=("alpha", "beta")).model_copy(update={"source": "beeps"})


def test_a_new_source_goes_through_the_cache(section: CorpusSection, tmp_path: Path):
    first = load_corpus(section, None, tmp_path, seed=3)
    assert [len(first.split(name)) for name in SPLITS] == [4, 4, 4]
    assert first.testing.pcm[3, 0] == 303
    again = load_corpus(section, None, tmp_path, seed=3)
    assert again.key == first.key
    assert np.array_equal(again.testing.pcm, first.testing.pcm)


def test_its_content_seed_and_splits_are_in_the_key(section: CorpusSection, tmp_path: Path):
    kept = load_corpus(section, None, tmp_path)
    others = [
        load_corpus(section, Path("elsewhere"), tmp_path),
        load_corpus(section, None, tmp_path, seed=2),
        load_corpus(section, None, tmp_path, splits=("testing",), progress=SILENT),
    ]
    assert len({kept.key, *(corpus.key for corpus in others)}) == 4
    assert len(others[-1].training) == 0
