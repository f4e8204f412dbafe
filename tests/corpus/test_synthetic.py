"""Synthesised speech: repeatable, varied, and split by speaker."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.config import CorpusSection, SynthesisSection
from pipeline.corpus import SPLITS, UNKNOWN_LABEL, flite, load_corpus, synthesis
from pipeline.corpus.cast import cast_of
from pipeline.corpus.registry import SOURCES
from pipeline.corpus.synthesis import (
    ENGLISH,
    FOREIGN,
    Utterance,
    synthesise,
    synthesiser_version,
    variants,
    variants_by_split,
)
from pipeline.corpus.synthetic import _plan, splice
from pipeline.corpus.vocabulary import COMMON_WORDS, other_words, spoken, unknown_text
from pipeline.errors import CorpusError


@pytest.fixture(scope="module")
def section() -> CorpusSection:
    return CorpusSection(
        source="synthetic",
        keywords=("computer", "view_glass"),
        synthesis=SynthesisSection(clips_per_keyword=30, unknown_clips=60),
    )


@pytest.fixture(scope="module")
def corpus(section, tmp_path_factory):
    return load_corpus(section, None, tmp_path_factory.mktemp("cache"), seed=1)


def test_the_same_recipe_and_seed_give_the_same_samples(section, corpus, tmp_path):
    again = load_corpus(section, None, tmp_path / "cache", seed=1)
    assert again.key == corpus.key
    for name in SPLITS:
        assert np.array_equal(again.split(name).pcm, corpus.split(name).pcm)
        assert again.split(name).files == corpus.split(name).files
    other = load_corpus(section, None, tmp_path / "cache", seed=2)
    assert other.key != corpus.key
    assert not np.array_equal(other.training.pcm, corpus.training.pcm)


def test_testing_clips_are_made_without_the_others(section, corpus, tmp_path, monkeypatch):
    spoken_texts = []

    def counted(utterances, progress):
        spoken_texts.extend(one.text for one in utterances)
        return synthesise(utterances, progress)

    monkeypatch.setattr("pipeline.corpus.synthetic.synthesise", counted)
    only = load_corpus(section, None, tmp_path / "cache", seed=1, splits=("testing",))
    assert len(only.training) == len(only.validation) == 0
    assert only.testing.files == corpus.testing.files
    assert [who for who in only.testing.speakers if "babble" not in who] == [
        who for who in corpus.testing.speakers if "babble" not in who
    ]
    spoken_clips = int((only.testing.label > 0).sum())
    assert len(spoken_texts) == spoken_clips
    assert only.testing.pcm.std(axis=1).min() > 3


def test_every_class_is_there_in_the_numbers_asked_for(corpus):
    assert np.bincount(corpus.training.label).tolist() == [12, 60, 30, 30]
    assert np.bincount(corpus.validation.label).tolist() == np.bincount(corpus.testing.label).tolist() == [2, 12, 6, 6]


def test_speech_is_loud_enough_and_never_digital_silence(corpus):
    for name in SPLITS:
        pcm = corpus.split(name).pcm.astype(np.float64)
        assert pcm.std(axis=1).min() > 3
        assert (corpus.split(name).pcm[:, :1600] != 0).sum(axis=1).min() > 100
        clipped = (np.abs(pcm) >= 32767).mean(axis=1)
        assert clipped.max() < 0.05


def test_no_speaker_is_in_two_splits(corpus):
    voices = [set(np.array(corpus.split(name).speakers)[corpus.split(name).label > 0]) for name in SPLITS]
    assert len(set.union(*voices)) == sum(map(len, voices))
    dealt = variants_by_split(1)
    assert sorted(sum(dealt.values(), ())) == sorted(variants())
    people = set(flite.voices()), set(), set()
    assert all(voices[i] <= set(dealt[name]) | people[i] for i, name in enumerate(SPLITS))
    assert people[0] <= voices[0]


def test_every_accent_speaks_and_hundreds_of_voices_differ():
    people = [Utterance("computer", f"{accent}+{variant}") for accent in ENGLISH for variant in variants()[::4]]
    people += [Utterance("computer", f"{language}+f2") for language in FOREIGN]
    spoken_words = synthesise(people)
    assert len({sound.tobytes() for sound in spoken_words}) > 0.8 * len(people)
    assert len(ENGLISH) * len(variants()) > 500
    assert all(0.2 < len(sound) / 16_000 < 1.5 for sound in spoken_words)


def test_rate_pitch_and_tract_do_what_they_say():
    slow, fast, low, high, long = synthesise(
        [
            Utterance("computer", "en-us+m1", rate=100),
            Utterance("computer", "en-us+m1", rate=250),
            Utterance("computer", "en-us+m1", pitch=10),
            Utterance("computer", "en-us+m1", pitch=90),
            Utterance("computer", "en-us+m1", tract=1.2),
        ]
    )
    assert len(slow) > 1.4 * len(fast)
    assert _pitch(high) > 1.2 * _pitch(low)
    assert len(long) > 1.1 * len(low)


def _pitch(sound: np.ndarray) -> float:
    middle = sound[len(sound) // 4 : len(sound) // 4 + 2048]
    correlation = np.correlate(middle, middle, "full")[2047:]
    return 16_000 / (50 + int(correlation[50:400].argmax()))


def test_speech_is_made_by_a_process_of_its_own(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", object())  # as when a model was loaded before
    (sound,) = synthesise([Utterance("hello", "en-us")])
    assert np.abs(sound).max() > 0.05
    assert np.abs(sound).max() <= 1.0


def test_a_voice_or_text_without_sound_is_an_error():
    with pytest.raises(CorpusError, match="no sound of 'hello' as xx-nowhere"):
        synthesise([Utterance("hello", "xx-nowhere")])
    with pytest.raises(CorpusError, match=r"no sound of ' '"):
        synthesise([Utterance(" ", "en-us")])


def test_without_the_synthesiser_there_is_a_hint(section, monkeypatch, tmp_path):
    monkeypatch.setattr(synthesis.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(CorpusError, match="not installed") as error:
        load_corpus(section, None, tmp_path)
    assert "pip install" in error.value.hint


def test_a_synthesiser_that_dies_is_an_error(monkeypatch):
    monkeypatch.setattr(synthesis.sys, "executable", "/bin/false")
    with pytest.raises(CorpusError, match="synthesiser failed"):
        synthesise([Utterance("hello", "en-us")])


def test_unknown_text_never_holds_a_keyword():
    keywords = ("view_glass", "computer", "yes")
    words = other_words(keywords, ("laptop", "computer"), "training")
    assert words[:3] == ("laptop", "view", "glass")
    assert "computer" not in words
    assert "yes" not in words
    rng = np.random.default_rng(0)
    texts = [unknown_text(words, keywords, rng) for _ in range(20_000)]
    assert not any(f" {spoken(keyword)} " in f" {text} " for text in texts for keyword in keywords)
    assert {len(text.split()) for text in texts} == {1, 2, 3}
    assert "view" in texts


def test_no_common_word_is_said_in_two_splits():
    of = {split: other_words(("view_glass", "apple"), ("laptop",), split) for split in SPLITS}
    common = set.intersection(*map(set, of.values()))
    assert common == {"laptop", "view", "glass"}  # all splits need what the user named, and halves of keywords
    rest = [set(words) - common for words in of.values()]
    assert set.union(*rest) == set(COMMON_WORDS) - common - {"apple"}
    assert sum(map(len, rest)) == len(set.union(*rest))
    assert [round(len(words) / len(COMMON_WORDS), 1) for words in rest] == [0.6, 0.2, 0.2]


def test_common_words_are_lower_case_and_distinct():
    assert len(set(COMMON_WORDS)) == len(COMMON_WORDS) > 400
    assert all(word.isalpha() and word.islower() for word in COMMON_WORDS)


def test_halves_of_keywords_are_there_to_train_with_not_to_judge_by(section):
    section = section.model_copy(update={"synthesis": SynthesisSection(clips_per_keyword=5, unknown_clips=1000)})
    plans = {split: _plan(section, split, cast_of(split, 1, 0.0), np.random.default_rng(1)) for split in SPLITS}
    spliced = {split: [clip for clip in plan if len(clip.utterances) == 2] for split, plan in plans.items()}
    assert 50 < len(spliced["training"]) < 150
    assert not spliced["validation"]
    assert not spliced["testing"]
    keywords = {spoken(keyword) for keyword in section.keywords}
    for clip in spliced["training"]:
        assert clip.label == UNKNOWN_LABEL
        assert len(keywords & {one.text for one in clip.utterances}) == 1


def test_flite_speaks_its_share_of_the_english_that_is_trained_on(section, monkeypatch):
    monkeypatch.setattr(flite, "voices", lambda: ("flite-a", "flite-b"))
    section = section.model_copy(update={"synthesis": SynthesisSection(clips_per_keyword=1000, unknown_clips=1000)})
    for split, share in (("training", 0.4), ("validation", 0.0), ("testing", 0.0)):
        plan = _plan(section, split, cast_of(split, 1, 0.4), np.random.default_rng(1))
        english = [clip for clip in plan if clip.utterances[0].voice.split("+")[0] not in FOREIGN]
        by_flite = [clip for clip in english if clip.utterances[0].voice.startswith("flite-")]
        assert len(by_flite) / len(english) == pytest.approx(share, abs=0.04)
        assert {clip.speaker for clip in by_flite} == ({"flite-a", "flite-b"} if share else set())
        assert all(clip.speaker in clip.utterances[0].voice for clip in plan)
    assert not cast_of("training", 1, 0.0).people  # nothing is drawn for a share of none: recordings' corpora stay


def test_without_flite_espeak_speaks_and_a_line_says_so(section, monkeypatch):
    monkeypatch.setattr(flite, "voices", lambda: ())
    variants = cast_of("training", 1, 1.0).variants
    speaker, voice = cast_of("training", 1, 1.0).draw(ENGLISH, np.random.default_rng(1))
    assert speaker in variants
    assert voice.endswith(f"+{speaker}")
    told = []
    for share in (0.0, 0.5):
        wanted = section.model_copy(update={"synthesis": SynthesisSection(flite_share=share)})
        SOURCES["synthetic"].find(wanted, None, Path(), SimpleNamespace(info=told.append))
    assert [text.split(":")[0] for text in told] == ["flite is not installed"]


def test_a_cache_knows_whether_flite_speaks(monkeypatch):
    monkeypatch.setattr(flite, "version", lambda: "flite 9 flite-a")
    assert synthesiser_version(0.1) == f"{synthesiser_version()} flite 9 flite-a"
    monkeypatch.setattr(flite, "version", lambda: "")
    assert synthesiser_version(0.1) == synthesiser_version()


def test_people_and_variants_speak_in_the_order_asked_for():
    if not flite.voices():
        pytest.skip("flite is not installed")
    texts = ("computer", "no", "lights on")
    variant = [Utterance(text, "en-us+m1") for text in texts]
    people = [Utterance(text, flite.voices()[0]) for text in texts]
    mixed = [one for pair in zip(variant, people, strict=True) for one in pair]
    for heard, one in zip(synthesise(mixed), mixed, strict=True):
        alone = synthesise([one])[0]
        assert len(heard) == pytest.approx(len(alone), rel=0.02)  # espeak-ng remembers what it said before
        assert flite.is_voice(one.voice) <= np.array_equal(heard, alone)


def test_a_splice_is_cut_in_the_quiet_middle_of_both():
    rng = np.random.default_rng(0)
    first, second = rng.normal(0, 0.3, 8000).astype(np.float32), rng.normal(0, 0.2, 6400).astype(np.float32)
    first[3840:4160] = 0
    second[3200:3520] = 0
    joined = splice(first, second)
    assert np.array_equal(joined[:3840], first[:3840])
    assert np.array_equal(joined[3840:], second[3200:])
    assert len(splice(first[:100], second[:100])) == 100
