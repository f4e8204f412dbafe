"""Data stage: a corpus, and from it the features that training and every test read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.config import Frontend
from pipeline.corpus import load_corpus, test_split
from pipeline.frontend import features
from pipeline.progress import Progress
from pipeline.recipe import CorpusSection, Recipe
from pipeline.training.dataset import Dataset, prepare


@dataclass(frozen=True)
class TestSet:
    """What every model and the device are tested on.

    Attributes:
        features: int8 ``[n, inputs]``.
        labels: int64 ``[n]``.
        speakers: one identifier per clip.
        name: where the clips come from.
    """

    features: NDArray[np.int8]
    labels: NDArray[np.int64]
    speakers: tuple[str, ...]
    name: str

    __test__ = False  # a name, not a class of tests

    @cached_property
    def key(self) -> str:
        """SHA-256 of features and labels, 16 hex digits."""
        digest = hashlib.sha256(np.ascontiguousarray(self.features).tobytes())
        digest.update(np.ascontiguousarray(self.labels).tobytes())
        return digest.hexdigest()[:16]


@dataclass(frozen=True)
class Data:
    """The corpus of a recipe, loaded when first asked for, and the clips to test on."""

    recipe: Recipe
    folder: Path | None
    test_folder: Path | None
    cache: Path
    progress: Progress

    @property
    def description(self) -> str:
        """Where the training clips come from, in a few words."""
        return describe(self.recipe.corpus, self.folder)

    @cached_property
    def dataset(self) -> Dataset:
        corpus = load_corpus(
            self.recipe.corpus, self.folder, self.cache, seed=self.recipe.training.seed, progress=self.progress
        )
        return prepare(corpus, self.recipe, self.cache, self.progress)

    @cached_property
    def test(self) -> TestSet:
        """The corpus's own testing split, or another folder's when one was given."""
        if self.test_folder is not None:
            return folder_test_set(
                self.recipe.corpus, self.recipe.frontend, self.test_folder, self.cache, self.progress
            )
        testing = self.dataset.testing
        return TestSet(testing.features, testing.labels, testing.speakers, self.description)


def describe(section: CorpusSection, folder: Path | None) -> str:
    """Names a source of speech in a few words."""
    if section.source == "synthetic":
        return "speech synthesised by espeak-ng"
    return f"recordings in {folder.name}" if folder else "Speech Commands v2"


def folder_test_set(
    section: CorpusSection, settings: Frontend, folder: Path, cache: Path, progress: Progress
) -> TestSet:
    """The testing split of a folder of recordings."""
    split = test_split(section, folder, cache, progress=progress)
    rows = []
    with progress.task("test features", len(split)) as task:
        for pcm in split.pcm:
            rows.append(features(np.ascontiguousarray(pcm), settings))
            task.advance()
    return TestSet(np.stack(rows), split.label, split.speakers, f"recordings in {folder.name}")
