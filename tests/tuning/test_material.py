"""Streams of a split: nothing of another split in them, kinds told apart, voices that training never had."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.corpus.data import SPLITS, Corpus, Split
from pipeline.corpus.folder import hash_split
from pipeline.corpus.sentences import synthetic_sentences
from pipeline.corpus.synthesis import Utterance, variants_by_split
from pipeline.errors import CorpusError
from pipeline.tuning.material import make_material, read_negatives


def split(*files: str) -> Split:
    rng = np.random.default_rng(len(files))
    label = {"computer": 2, "noise": 0}
    names = [file.split("/")[0] for file in files]
    pcm = rng.integers(-3000, 3000, (len(files), 16_000)).astype(np.int16)
    return Split(
        pcm, np.array([label.get(name, 1) for name in names]), tuple(f"s{i}" for i in range(len(files))), files
    )


CORPUS = Corpus(
    ("_silence_", "_unknown_", "computer"),
    split("computer/a.wav", "zero/a.wav"),
    split("computer/b.wav", "zero/b.wav", "noise/b"),
    split("computer/c.wav", "zero/c.wav", "android/c.wav", "noise/c"),
    (),
)


def test_kinds_are_told_apart() -> None:
    material = make_material(CORPUS, "testing", (), 0, 1)
    assert [stream.name for stream in material.negatives] == ["other words", "unseen words"]
    assert [[said.label for said in stream.others] for stream in material.negatives] == [["zero"], ["android"]]
    assert [stream.name for stream in material.keywords][1:] == [f"keywords at {snr} dB" for snr in (20, 10, 5)]
    assert material.keywords[0].spoken[0].speaker == "s0"
    again = make_material(CORPUS, "testing", (), 0, 1)
    assert np.array_equal(material.negatives[0].pcm, again.negatives[0].pcm)


def test_single_words_that_were_synthesised_beside_recordings_are_left_out() -> None:
    mixed = split("computer/b.wav", "zero/b.wav", "_synthesised_/hello_0", "noise/b")
    material = make_material(Corpus(CORPUS.labels, CORPUS.training, mixed, CORPUS.testing, ()), "validation", (), 0, 1)
    assert [stream.name for stream in material.negatives] == ["other words"]
    assert {said.label for said in material.negatives[0].others} == {"zero"}


def test_words_that_training_has_from_the_synthesiser_alone_are_no_unseen_ones() -> None:
    training = split("computer/a.wav", "zero/a.wav", "_synthesised_/android_7")
    material = make_material(
        Corpus(CORPUS.labels, training, CORPUS.validation, CORPUS.testing, ()), "testing", (), 0, 1
    )
    assert [stream.name for stream in material.negatives] == ["other words"]
    assert {said.label for said in material.negatives[0].others} == {"zero", "android"}


def test_a_split_without_negatives_or_keywords_is_refused() -> None:
    empty = Corpus(CORPUS.labels, CORPUS.training, split("computer/b.wav"), split("zero/c.wav"), ())
    with pytest.raises(CorpusError, match="no speech without"):
        make_material(empty, "validation", (), 0, 1)
    with pytest.raises(CorpusError, match="no keyword clips"):
        make_material(empty, "testing", (), 0, 1)


def sounds(folder: Path, *names: str) -> None:
    for name in names:
        soundfile.write(folder / name, np.full(4000, 0.1), 16_000)


def test_negatives_by_a_table(tmp_path: Path) -> None:
    sounds(tmp_path, "a.wav", "b.wav", "c.wav")
    (tmp_path / "metadata.csv").write_text("file,split\na.wav,training\nb.wav,validation\nc.wav,testing\n")
    assert [name for name, _ in read_negatives(tmp_path, "validation")] == ["b.wav"]
    assert [name for name, _ in read_negatives(tmp_path, "testing")] == ["c.wav"]
    for name in ("x.wav", "y.wav"):
        (tmp_path / name).write_bytes(b"RIFF")
    (tmp_path / "metadata.csv").write_text("file,split\nx.wav,testing\ny.wav,testing\n")
    with pytest.raises(CorpusError, match="2 recordings") as error:
        read_negatives(tmp_path, "testing")
    assert "x.wav" in error.value.message
    assert "y.wav" in error.value.message


def test_negatives_by_name_are_each_in_one_split(tmp_path: Path) -> None:
    names = [f"talk{i}.wav" for i in range(60)]
    sounds(tmp_path, *names)
    found = {name: {file for file, _ in read_negatives(tmp_path, name)} for name in SPLITS}
    assert set.union(*found.values()) == set(names)
    assert sum(map(len, found.values())) == 60
    assert all(hash_split(file) == name for name, files in found.items() for file in files)


def test_folders_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no recordings for testing"):
        read_negatives(tmp_path, "testing")
    with pytest.raises(CorpusError, match="nowhere"):
        read_negatives(tmp_path / "nowhere", "testing")


def test_sentences_of_a_split_have_voices_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("espeakng_loader")
    voices = variants_by_split(1)
    spoken: list[str] = []

    def listed(utterances: Sequence[Utterance], _: object) -> list[np.ndarray]:
        spoken.extend(one.voice.partition("+")[2] for one in utterances)
        return [np.ones(1600, np.float32) for _ in utterances]

    monkeypatch.setattr("pipeline.corpus.sentences.synthesise", listed)
    for split in SPLITS:
        spoken.clear()
        synthetic_sentences(("computer",), split, 0.1, 1)
        assert set(spoken) <= set(voices[split])
        assert len(set(spoken)) > 5


def test_sentences_hold_no_word_of_a_keyword_and_repeat() -> None:
    pytest.importorskip("espeakng_loader")
    said = synthetic_sentences(("hey_table", "think"), "testing", 0.02, 1)
    words = {word for text, _ in said for word in text.lower().split()}
    assert len(words) > 30
    assert not words & {"hey", "table", "think"}
    again = synthetic_sentences(("hey_table", "think"), "testing", 0.02, 1)
    assert all(a == b and np.array_equal(p, q) for (a, p), (b, q) in zip(said, again, strict=True))
    assert 30 < sum(len(pcm) for _, pcm in said) / 16_000 < 150  # 72 s, about
    other = synthetic_sentences(("hey_table", "think"), "validation", 0.02, 1)
    assert not {text for text, _ in said} & {text for text, _ in other}


def test_training_hears_the_words_of_a_keyword_phrase_apart_and_never_together(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("espeakng_loader")
    texts: list[str] = []

    def listed(utterances: Sequence[Utterance], _: object) -> list[np.ndarray]:
        texts.extend(f" {one.text.lower()} " for one in utterances)
        return [np.ones(1600, np.float32) for _ in utterances]

    monkeypatch.setattr("pipeline.corpus.sentences.synthesise", listed)
    synthetic_sentences(("view_glass", "was_too", "think"), "training", 5, 1)
    assert sum(" view " in text for text in texts) > 5
    assert sum(" was " in text for text in texts) > 5
    assert not any(phrase in text for text in texts for phrase in (" view glass ", " was too ", " think "))
