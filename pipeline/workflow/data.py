"""Data stage: a corpus, and from it the features that training and every test read."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.config import SILENCE, UNKNOWN, CorpusSection, Frontend
from pipeline.corpus import SOURCES, Corpus, Split, load_corpus
from pipeline.corpus.data import SplitName
from pipeline.errors import CorpusError, ModelFileError
from pipeline.frontend import features
from pipeline.layers import QuantizedModel
from pipeline.progress import Progress
from pipeline.recipe import Recipe, parse_recipe
from pipeline.training.dataset import Clips, Dataset, prepare
from pipeline.training.negatives import prepare_negatives, prepare_sentences

_LINES = 2  # telephone lines for each clip, of recipes that train with them


@dataclass(frozen=True)
class HeldOutClips:
    """Clips of one split that is not trained on.

    Attributes:
        features: int8 ``[n, inputs]``.
        labels: int64 ``[n]``.
        speakers: one identifier per clip.
        name: where the clips come from.
        folder: of the recordings; None where speech is synthesised.
        pcm: int16 ``[n, samples]``, 16 kHz, what the features are of; may be mapped from the cache.
    """

    features: NDArray[np.int8]
    labels: NDArray[np.int64]
    speakers: tuple[str, ...]
    name: str
    folder: Path | None
    pcm: NDArray[np.int16]

    @cached_property
    def key(self) -> str:
        """SHA-256 of features and labels, 16 hex digits."""
        digest = hashlib.sha256(np.ascontiguousarray(self.features).tobytes())
        digest.update(np.ascontiguousarray(self.labels).tobytes())
        return digest.hexdigest()[:16]


@dataclass(frozen=True)
class HeldOut:
    """What every model is judged on.

    Attributes:
        test: every figure is of these; the device answers them too.
        validation: thresholds are chosen on these.
    """

    test: HeldOutClips
    validation: HeldOutClips


@dataclass(frozen=True)
class Data:
    """The corpus of a recipe, loaded when first asked for, and the clips to test on."""

    recipe: Recipe
    folder: Path | None
    test_folder: Path | None
    cache: Path
    progress: Progress
    negatives: Path | None = None

    @property
    def description(self) -> str:
        """Where the training clips come from, in a few words."""
        return SOURCES[self.recipe.corpus.source].describe(self.folder)

    @cached_property
    def corpus(self) -> Corpus:
        """The clips themselves."""
        return load_corpus(
            self.recipe.corpus, self.folder, self.cache, seed=self.recipe.training.seed, progress=self.progress
        )

    @cached_property
    def dataset(self) -> Dataset:
        """Their features."""
        lines = _LINES if self.recipe.augmentation.line_probability else 0
        dataset = prepare(self.corpus, self.recipe.frontend, self.cache, self.progress, lines=lines)
        long = self._long_speech()
        if not long:
            return dataset
        key = "-".join([dataset.key, *(key for _, key in long)])
        return replace(dataset, negatives=np.concatenate([power for power, _ in long]), key=key)

    def _long_speech(self) -> list[tuple[NDArray[np.float32], str]]:
        """Mel power ``[hops, bands]`` of speech without keywords to train on, and a key of each."""
        section, frontend = self.recipe.corpus, self.recipe.frontend
        found = []
        if self.negatives is not None:
            found.append(prepare_negatives(self.negatives, frontend, self.cache, self.progress))
        if section.sentence_hours:
            try:
                seed = self.recipe.training.seed
                found.append(prepare_sentences(section, seed, frontend, self.cache, self.progress))
            except CorpusError as error:
                self.progress.info(f"no synthesised sentences to train on: {error.message} ({error.hint})")
        return found

    @cached_property
    def held_out(self) -> HeldOut:
        """The corpus's own testing split, or another folder's when one was given; and its validation split."""
        validation = self._split(self.dataset.validation, self.corpus.validation)
        if self.test_folder is None:
            return HeldOut(self._split(self.dataset.testing, self.corpus.testing), validation)
        section, frontend = self.recipe.corpus, self.recipe.frontend
        (test,) = _held_out(section, frontend, self.test_folder, self.cache, self.progress, ("testing",))
        return HeldOut(test, validation)

    @cached_property
    def tested(self) -> Corpus:
        """The corpus, its testing split another folder's when one was given."""
        if self.test_folder is None:
            return self.corpus
        other = _test_corpus(self.recipe.corpus, self.test_folder, self.cache, self.progress, ("testing",))
        return replace(self.corpus, testing=other.testing, key=f"{self.corpus.key}-{other.key}")

    def _split(self, clips: Clips, split: Split) -> HeldOutClips:
        return HeldOutClips(clips.features, clips.labels, clips.speakers, self.description, self.folder, split.pcm)


def clips_for_model(
    model: QuantizedModel, folder: Path | None, test_folder: Path | None, cache: Path, progress: Progress
) -> HeldOut:
    """Clips of a model's own words: recorded ones, or synthetic ones when there is no folder.

    Args:
        folder: whose validation split thresholds are chosen on; None: that of ``test_folder``.
        test_folder: whose testing split is answered; None: that of ``folder``.

    Raises:
        ModelFileError: the model's labels are not those of a keyword spotter of this project.
        CorpusError: a folder does not hold these words, or not the split that is asked of it.
    """
    recipe = recipe_of(model)
    if folder and test_folder:
        (validation,) = _held_out(recipe.corpus, recipe.frontend, folder, cache, progress, ("validation",))
        return HeldOut(clips_to_test(model, test_folder, cache, progress), validation)
    both: tuple[SplitName, ...] = ("testing", "validation")
    return HeldOut(*_held_out(recipe.corpus, recipe.frontend, test_folder or folder, cache, progress, both))


def clips_to_test(model: QuantizedModel, folder: Path | None, cache: Path, progress: Progress) -> HeldOutClips:
    """The testing split of a model's own words, recorded or synthetic.

    Raises:
        ModelFileError: the model's labels are not those of a keyword spotter of this project.
        CorpusError: the folder does not hold these words, or has no testing split.
    """
    recipe = recipe_of(model)
    (test,) = _held_out(recipe.corpus, recipe.frontend, folder, cache, progress, ("testing",))
    return test


def recipe_of(model: QuantizedModel, *, folder: bool = True) -> Recipe:
    """Data and front end of a model's own words: from a folder of recordings, or synthesised.

    Raises:
        ModelFileError: the model's labels are not those of a keyword spotter of this project.
    """
    if model.labels[:2] != (SILENCE, UNKNOWN):
        raise ModelFileError(
            f"model {model.name} has labels {model.labels[:2]} where silence and unknown belong", "export it again"
        )
    seconds = max(1.5, model.frontend.context_samples / model.frontend.sample_rate)
    source = "folder" if folder else "synthetic"
    return parse_recipe(
        {
            "name": re.sub(r"\W+", "_", model.name.lower())[:32].strip("_") or "model",
            "corpus": {"source": source, "keywords": model.labels[2:], "clip_seconds": seconds},
            "frontend": model.frontend.model_dump(),
            "model": {"kind": "temporal", "stride": 1},  # clips are the same for any network
        },
        "the model's metadata",
    )


def _held_out(
    section: CorpusSection,
    frontend: Frontend,
    folder: Path | None,
    cache: Path,
    progress: Progress,
    splits: tuple[SplitName, ...],
) -> list[HeldOutClips]:
    """Splits of a folder of recordings, or of synthesised speech."""
    corpus = _test_corpus(section, folder, cache, progress, splits)
    found = []
    for split in map(corpus.split, splits):
        rows = []
        with progress.task("test features", len(split)) as task:
            for pcm in split.pcm:
                rows.append(features(np.ascontiguousarray(pcm), frontend))
                task.advance()
        name = SOURCES[_source(folder)].describe(folder)
        found.append(HeldOutClips(np.stack(rows), split.label, split.speakers, name, folder, split.pcm))
    return found


def _test_corpus(
    section: CorpusSection, folder: Path | None, cache: Path, progress: Progress, splits: tuple[SplitName, ...]
) -> Corpus:
    section = section.model_copy(update={"source": _source(folder)})
    return load_corpus(section, folder, cache, splits=splits, progress=progress)


def _source(folder: Path | None) -> str:
    return "folder" if folder else "synthetic"
