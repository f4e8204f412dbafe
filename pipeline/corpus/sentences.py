"""Everyday sentences spoken by the synthesiser: running speech, which wakes a spotter that knows single words only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from pipeline.corpus import room
from pipeline.corpus.audio import to_int16
from pipeline.corpus.data import SAMPLE_RATE, SPLITS, SplitName
from pipeline.corpus.noise import Recording
from pipeline.corpus.synthesis import ENGLISH, Utterance, synthesise, variants_by_split
from pipeline.corpus.vocabulary import other_words, spoken
from pipeline.progress import SILENT, Progress

_PATTERNS = tuple(
    """
    could you bring the {} and the {} to the {} before {}
    I think {} wanted to {} with {} but it was too {}
    we will be at the {} by {} if the {} is not {}
    tell {} that the {} near the {} is {} again
    when did you {} the last {} in {}
    there is a {} {} behind the {} and nobody knows why
    my {} says every {} needs a {} and some {}
    do not {} the {} unless {} asks you to
    it takes about {} minutes to {} from the {} to the {}
    yesterday the {} was {} so we had to {} without {}
    what would happen if the {} and the {} were {}
    please put another {} on the {} next to {}
    she never liked {} because it reminds her of {} and {}
    the {} that you {} in {} has not arrived
    can I have a {} with {} but no {}
    he was talking about {} and {} for the whole {}
    """.strip().splitlines()
)
_SAMPLES_A_SENTENCE = 3.5 * SAMPLE_RATE
_REVERBERANT = 0.5
_ROOMS = 50


def synthetic_sentences(
    keywords: tuple[str, ...], split: SplitName, hours: float, seed: int, progress: Progress = SILENT
) -> list[Recording]:
    """Sentences without a keyword, in the voices and words that ``synthetic`` corpora of the same seed give to a split.

    Args:
        keywords: names of the classes that must not occur.
        hours: of speech, about.

    Raises:
        CorpusError: the synthesiser is not installed or failed.
    """
    rng = np.random.default_rng([seed, 31, SPLITS.index(split)])
    speakers = variants_by_split(seed)[split]
    count = max(1, round(hours * 3600 * SAMPLE_RATE / _SAMPLES_A_SENTENCE))
    texts = _texts(keywords, split, rng)
    utterances = [
        Utterance(
            next(texts),
            f"{ENGLISH[int(rng.integers(len(ENGLISH)))]}+{rng.choice(speakers)}",
            rate=int(rng.uniform(120, 220)),
            pitch=int(rng.uniform(15, 85)),
            intonation=int(rng.uniform(15, 85)),
            tract=float(np.exp(rng.uniform(-0.17, 0.17))),
            seed=int(rng.integers(2**31)),
        )
        for _ in range(count)
    ]
    speech = synthesise(utterances, progress)
    rooms = [room.impulse_response(rng) for _ in range(_ROOMS)]

    def heard(index: int) -> Recording:
        draw = np.random.default_rng([seed, 32, SPLITS.index(split), index])
        sound = room.colour(speech[index], draw)
        if draw.random() < _REVERBERANT:
            sound = room.reverberate(sound, rooms[int(draw.integers(_ROOMS))])
        return utterances[index].text, to_int16(sound * (0.5 / max(float(np.abs(sound).max()), 1e-9)))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(heard, range(count)))


def _texts(keywords: tuple[str, ...], split: SplitName, rng: np.random.Generator) -> Iterator[str]:
    """Sentences in which no keyword occurs, and to judge by, no word of one either."""
    phrases = [spoken(keyword).lower() for keyword in keywords]
    forbidden = set(phrases) if split == "training" else {part for phrase in phrases for part in phrase.split()}
    words = [word for word in other_words(keywords, (), split) if word not in forbidden]
    patterns = [pattern.strip() for pattern in _PATTERNS if not forbidden & set(pattern.lower().split())]
    while True:
        pattern = patterns[int(rng.integers(len(patterns)))] if patterns else "{} {} {} {} {} {}"
        text = pattern.format(*(words[i] for i in rng.integers(0, len(words), pattern.count("{}"))))
        if not any(f" {phrase} " in f" {text.lower()} " for phrase in phrases):
            yield text
