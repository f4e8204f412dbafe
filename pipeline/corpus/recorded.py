"""Loads a folder of recordings: parallel decoding, silence, subsampling of the unknown words."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.config import CorpusSection
from pipeline.corpus.audio import all_good, fit_clip, read_or_error
from pipeline.corpus.data import (
    SAMPLE_RATE,
    SILENCE_LABEL,
    SPLITS,
    SYNTHESISED_FOLDER,
    UNKNOWN_LABEL,
    Corpus,
    Split,
    SplitName,
    joined,
)
from pipeline.corpus.folder import NOISE_FOLDER, ClipFile, Folder, scan_folder
from pipeline.corpus.noise import Recording, coloured_noise, silence_clips, split_noise
from pipeline.corpus.source import Found, Source
from pipeline.corpus.synthesis import synthesiser_version
from pipeline.corpus.synthetic import load_synthetic
from pipeline.errors import CorpusError
from pipeline.progress import SILENT, Progress

_COLOURED_SECONDS = 60.0
_VALIDATION_SHARE = 2.0  # of the clips that training gets; a validation split then takes a fifth


def find_recordings(section: CorpusSection, folder: Path | None, cache: Path, progress: Progress) -> Found:
    """The clips of a folder, by name.

    Raises:
        CorpusError: no folder was named, or it can't be used.
    """
    if folder is None:
        raise CorpusError("this recipe needs a folder of recordings", "name it with --data DIR (docs/data.md)")
    recordings = scan_folder(section, folder, progress)
    content = f"{recordings.fingerprint} {_synthesiser(section, progress)}"
    return Found(content, functools.partial(load_recorded, section, recordings))


def describe_folder(folder: Path | None) -> str:
    """A folder of recordings in a few words."""
    return f"recordings in {folder.name}" if folder else "recordings"


SOURCE = Source(find_recordings, describe_folder, takes_folder=True)


def load_recorded(
    section: CorpusSection,
    folder: Folder,
    *,
    seed: int,
    splits: Sequence[SplitName] = SPLITS,
    progress: Progress = SILENT,
) -> Corpus:
    """Decodes the clips of ``splits`` (the others stay empty), adds silence, and synthesised speech to train on.

    Raises:
        CorpusError: a split without clips; files that cannot be decoded; names the first few.
    """
    folder.check_splits(splits)
    samples = round(section.clip_seconds * SAMPLE_RATE)
    clips = {name: [clip for clip in folder.clips if clip.split == name and name in splits] for name in SPLITS}
    if section.unknown_ratio is not None:
        clips = {name: limit_unknown(chosen, section.unknown_ratio, seed) for name, chosen in clips.items()}
    noise = _read_noise(folder, seed, progress)
    names = [clip.name for name in SPLITS for clip in clips[name]]
    with progress.task("Decoding recordings", len(names)) as task:

        def decode(name: str) -> NDArray[np.int16] | CorpusError:
            pcm = read_or_error(folder.root / name)
            task.advance()
            return pcm if isinstance(pcm, CorpusError) else fit_clip(pcm, samples)

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found = all_good(pool.map(decode, names))
    _tell_silent([name for name, pcm in zip(names, found, strict=True) if not pcm.any()], progress)
    decoded = iter(found)
    regions = split_noise(noise, samples)
    made = {}
    for index, name in enumerate(SPLITS):
        chosen = clips[name]
        count = round(section.silence_fraction * len(chosen)) if chosen else 0
        pcm = np.empty((len(chosen) + count, samples), np.int16)
        for i in range(len(chosen)):
            pcm[i] = next(decoded)
        if count:
            rng = np.random.default_rng([seed, index])
            # with very little noise a split may have no region of its own
            pcm[len(chosen) :], sources = silence_clips(regions[name] or regions["training"], count, samples, rng)
        else:
            sources = []
        made[name] = Split(
            pcm,
            np.array([clip.label for clip in chosen] + [SILENCE_LABEL] * count, np.int64),
            tuple([clip.speaker for clip in chosen] + sources),
            tuple([clip.name for clip in chosen] + [f"{NOISE_FOLDER}/crop_{i}" for i in range(count)]),
        )
    for name in ("training", "validation"):
        if name in splits:
            made[name] = _with_synthesised(made[name], name, section, seed, progress)
    return Corpus(
        section.labels,
        made["training"],
        made["validation"],
        made["testing"],
        tuple(pcm for _, pcm in regions["training"]),
    )


def _synthesiser(section: CorpusSection, progress: Progress) -> str:
    """Version of the synthesiser that adds clips, empty for none."""
    if not section.added_clips:
        return ""
    try:
        return synthesiser_version()
    except CorpusError as error:
        progress.info(f"no synthesised speech is added to the recordings: {error.message} ({error.hint})")
        return ""


def _with_synthesised(
    recorded: Split, split: SplitName, section: CorpusSection, seed: int, progress: Progress
) -> Split:
    """A split's clips and, where that can be done, synthesised ones.

    Training gets voices and words that recordings lack. Validation gets other words, in voices that training has not:
    its recorded ones are mostly words that training knows from other people, and a threshold chosen on those lets
    unknown words through.
    """
    if not _synthesiser(section, SILENT):
        return recorded
    training = split == "training"
    amount = {
        "clips_per_keyword": section.added_clips if training else 0,
        "unknown_clips": section.added_unknown if training else round(_VALIDATION_SHARE * section.added_unknown),
        "flite_share": 0.0,  # beside people its voices lost more than they gave: docs/training.md
    }
    synthesis = section.synthesis.model_copy(update=amount)
    spoken = section.model_copy(update={"synthesis": synthesis, "silence_fraction": 0.0})
    try:
        made = load_synthetic(spoken, seed=seed, splits=(split,), progress=progress).split(split)
    except CorpusError as error:
        progress.info(f"no synthesised speech is added to the recordings: {error.message}")
        return recorded
    wanted = np.flatnonzero(training | (made.label == UNKNOWN_LABEL))
    return joined(
        recorded,
        Split(
            made.pcm[wanted],
            made.label[wanted],
            tuple(made.speakers[i] for i in wanted),
            tuple(f"{SYNTHESISED_FOLDER}/{made.files[i]}" for i in wanted),
        ),
    )


def limit_unknown(clips: list[ClipFile], ratio: float, seed: int) -> list[ClipFile]:
    """Keeps at most ``ratio`` times the mean number of clips per keyword as unknown ones, drawn at random."""
    unknown = [clip for clip in clips if clip.label == UNKNOWN_LABEL]
    keywords = len(clips) - len(unknown)
    kinds = len({clip.label for clip in clips if clip.label != UNKNOWN_LABEL})
    keep = round(ratio * keywords / max(1, kinds))
    if keep >= len(unknown):
        return clips
    rng = np.random.default_rng([seed, 7])
    dropped = {unknown[i].name for i in rng.permutation(len(unknown))[keep:]}
    return [clip for clip in clips if clip.name not in dropped]


def _read_noise(folder: Folder, seed: int, progress: Progress) -> list[Recording]:
    if not folder.noise:
        progress.info(f"no {NOISE_FOLDER} folder in {folder.root}: using synthetic coloured noise")
        return coloured_noise(_COLOURED_SECONDS, seed)
    sounds = all_good(read_or_error(folder.root / name) for name in folder.noise)
    return [(Path(name).stem, pcm) for name, pcm in zip(folder.noise, sounds, strict=True)]


def _tell_silent(names: list[str], progress: Progress) -> None:
    if names:
        progress.info(f"{len(names)} recordings hold nothing but digital silence, {min(names)} first: delete them")
