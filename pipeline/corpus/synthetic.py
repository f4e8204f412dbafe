"""A corpus of synthesised speech: a user types wake words and gets something to train on.

A speaker is a voice of Flite's or a variant of espeak-ng's, and no speaker is in two splits.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.config import CorpusSection
from pipeline.corpus import flite, room
from pipeline.corpus.audio import to_int16
from pipeline.corpus.cast import Cast, cast_of
from pipeline.corpus.data import SAMPLE_RATE, SILENCE_LABEL, SPLITS, UNKNOWN_LABEL, Corpus, Split, SplitName
from pipeline.corpus.noise import Recording, coloured_noise, silence_clips, split_noise
from pipeline.corpus.source import Found, Source
from pipeline.corpus.synthesis import (
    ENGLISH,
    FOREIGN,
    Utterance,
    synthesise,
    synthesiser_version,
)
from pipeline.corpus.vocabulary import other_words, spoken, unknown_text
from pipeline.progress import SILENT, Progress

Speech = NDArray[np.float32]

_SHARE: dict[SplitName, float] = {"training": 1.0, "validation": 0.2, "testing": 0.2}
_FOREIGN_SHARE = 0.15
_SPLICE_SHARE = 0.1
_WORDS_PER_MINUTE = (80, 230)
_JITTER_SECONDS = 0.08
_SNR_DB = (15.0, 70.0)
_NOISE_SECONDS = 40.0
_BABBLE_VOICES = 6
_BABBLES = 4
_ROOMS = 100
_REVERBERANT = 0.4


@dataclass(frozen=True)
class _Clip:
    """One clip to be: what is said, and for a splice which half of it is kept before the half of another."""

    label: int
    speaker: str
    utterances: tuple[Utterance, ...]


def _find(section: CorpusSection, folder: Path | None, cache: Path, progress: Progress) -> Found:
    share = section.synthesis.flite_share
    if share and not flite.voices():
        progress.info("flite is not installed: all words are spoken by espeak-ng, whose voices are less like people's")
    return Found(synthesiser_version(share), functools.partial(load_synthetic, section))


SOURCE = Source(_find, lambda folder: "synthesised speech", takes_folder=False)


def load_synthetic(
    section: CorpusSection, *, seed: int, splits: Sequence[SplitName] = SPLITS, progress: Progress = SILENT
) -> Corpus:
    """Speaks and records the clips of ``splits`` (the others stay empty), and silence.

    Raises:
        CorpusError: the synthesiser is not installed or cannot say a word.
    """
    samples = round(section.clip_seconds * SAMPLE_RATE)
    share = section.synthesis.flite_share
    plans = {
        name: _plan(section, name, cast_of(name, seed, share), np.random.default_rng([seed, index]))
        if name in splits
        else []
        for index, name in enumerate(SPLITS)
    }
    utterances = [one for name in SPLITS for clip in plans[name] for one in clip.utterances]
    sounds = iter(synthesise(utterances, progress))
    speech = {name: [[next(sounds) for _ in clip.utterances] for clip in plans[name]] for name in SPLITS}
    noise = split_noise([*coloured_noise(_NOISE_SECONDS, seed), *_babble(speech[splits[0]], seed)], samples)
    made = {}
    for index, name in enumerate(SPLITS):
        rng = np.random.default_rng([seed, 100 + index])
        clips = _record_all(plans[name], speech[name], noise[name], samples, [seed, index], progress)
        count = round(section.silence_fraction * len(clips))
        silence, sources = silence_clips(noise[name], count, samples, rng)
        made[name] = Split(
            np.concatenate([clips, silence]),
            np.array([clip.label for clip in plans[name]] + [SILENCE_LABEL] * count, np.int64),
            tuple([clip.speaker for clip in plans[name]] + sources),
            tuple(
                [f"{'+'.join(one.text for one in clip.utterances)}_{i}" for i, clip in enumerate(plans[name])]
                + [f"silence_{i}" for i in range(count)]
            ),
        )
    return Corpus(
        section.labels,
        made["training"],
        made["validation"],
        made["testing"],
        tuple(pcm for _, pcm in noise["training"]),
    )


def _plan(section: CorpusSection, split: SplitName, cast: Cast, rng: np.random.Generator) -> list[_Clip]:
    words = other_words(section.keywords, section.synthesis.unknown_words, split)
    clips = []
    per_keyword = max(1, round(_SHARE[split] * section.synthesis.clips_per_keyword))
    for index, keyword in enumerate(section.keywords):
        for _ in range(per_keyword):
            clips.append(_clip(2 + index, (spoken(keyword),), ENGLISH, cast, rng))
    for _ in range(max(1, round(_SHARE[split] * section.synthesis.unknown_clips))):
        kind = rng.random()
        text = unknown_text(words, section.keywords, rng)
        if kind < _FOREIGN_SHARE:
            clips.append(_clip(UNKNOWN_LABEL, (text,), FOREIGN, cast, rng))
        elif split == "training" and kind < _FOREIGN_SHARE + _SPLICE_SHARE:
            # half a keyword is none: without these a model listens for one syllable only. Nobody says them, so that no
            # threshold and no figure comes from them
            keyword = spoken(section.keywords[int(rng.integers(len(section.keywords)))])
            pair = (keyword, text) if rng.random() < 0.5 else (text, keyword)
            clips.append(_clip(UNKNOWN_LABEL, pair, ENGLISH, cast, rng))
        else:
            clips.append(_clip(UNKNOWN_LABEL, (text,), ENGLISH, cast, rng))
    return clips


def _clip(label: int, texts: tuple[str, ...], languages: Sequence[str], cast: Cast, rng: np.random.Generator) -> _Clip:
    speaker, voice = cast.draw(languages, rng)
    tract = float(np.exp(rng.uniform(-0.17, 0.17)))
    manner = {
        "rate": int(np.exp(rng.uniform(*np.log(_WORDS_PER_MINUTE)))),
        "pitch": int(rng.uniform(15, 85)),
        "intonation": int(rng.uniform(15, 85)),
        "seed": int(rng.integers(2**31)),
    }
    return _Clip(label, speaker, tuple(Utterance(text, voice, tract=tract, **manner) for text in texts))


def _record_all(
    plan: Sequence[_Clip],
    speech: Sequence[Sequence[Speech]],
    noise: Sequence[Recording],
    samples: int,
    seed: Sequence[int],
    progress: Progress,
) -> NDArray[np.int16]:
    clips = np.empty((len(plan), samples), np.int16)
    rooms = [room.impulse_response(np.random.default_rng([*seed, 1 << 30, i])) for i in range(_ROOMS)]
    with progress.task("Placing speech in rooms", len(plan)) as task:

        def one(index: int) -> None:
            rng = np.random.default_rng([*seed, index])  # of its own, so that threads cannot change the result
            sound = speech[index][0] if len(speech[index]) == 1 else splice(speech[index][0], speech[index][1])
            word = len(sound)
            sound = room.colour(sound, rng)
            if rng.random() < _REVERBERANT:
                sound = room.reverberate(sound, rooms[int(rng.integers(_ROOMS))])
            crop, _ = silence_clips(noise, 1, samples, rng)
            placed = room.place(sound, word, samples, rng, _JITTER_SECONDS)
            clips[index] = room.record(placed, crop[0].astype(np.float32), rng, snr_db=_SNR_DB)
            task.advance()

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(one, range(len(plan))))
    return clips


def splice(first: Speech, second: Speech) -> Speech:
    """The first half of one word and the second half of another, cut where each is quietest near its middle."""
    return np.concatenate([first[: _quiet_middle(first)], second[_quiet_middle(second) :]])


def _quiet_middle(speech: Speech) -> int:
    width = SAMPLE_RATE // 50
    frames = len(speech) // width
    if frames < 4:
        return len(speech) // 2
    energy = (speech[: frames * width].reshape(frames, width) ** 2).sum(axis=1)
    low, high = int(0.35 * frames), max(int(0.65 * frames), int(0.35 * frames) + 1)
    return (low + int(np.argmin(energy[low:high]))) * width


def _babble(speech: Sequence[Sequence[Speech]], seed: int) -> list[Recording]:
    """Several voices talking at once."""
    rng = np.random.default_rng([seed, 55])
    length = int(_NOISE_SECONDS * SAMPLE_RATE)
    recordings = []
    for number in range(_BABBLES):
        mix = np.zeros(length, np.float32)
        for _ in range(_BABBLE_VOICES):
            at = -int(rng.integers(SAMPLE_RATE))
            level = rng.uniform(0.3, 1.0)
            while at < length:
                sounds = speech[int(rng.integers(len(speech)))]
                sound = sounds[0]
                start, stop = max(at, 0), min(at + len(sound), length)
                if stop > start:
                    mix[start:stop] += level * sound[start - at : stop - at]
                at += len(sound) + int(rng.uniform(0.02, 0.4) * SAMPLE_RATE)
        mix *= 3000 / (32768 * max(1e-9, float(np.sqrt(np.mean(mix**2)))))
        recordings.append((f"babble_{number}", to_int16(mix)))
    return recordings
