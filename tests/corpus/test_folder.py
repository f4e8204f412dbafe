"""Folders of recordings: labels, splits, speakers, and what is wrong with one."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import soundfile

from pipeline.config import CorpusSection
from pipeline.corpus import SPLITS, load_corpus
from pipeline.corpus.folder import hash_split, scan_folder
from pipeline.errors import CorpusError


class Notes:
    """A progress that keeps what it is told."""

    def __init__(self):
        self.lines = []

    def info(self, message):
        self.lines.append(message)

    def task(self, description, total):
        from pipeline.progress import SILENT

        return SILENT.task(description, total)


def test_keywords_unknown_words_and_silence_get_their_labels(make_folder, section, tmp_path):
    corpus = load_corpus(section, make_folder(), tmp_path / "cache", seed=1)
    assert corpus.labels == ("_silence_", "_unknown_", "alpha", "beta")
    for name in SPLITS:
        split = corpus.split(name)
        assert split.pcm.dtype == np.int16
        assert split.pcm.shape[1] == 8000
        for file, label in zip(split.files, split.label, strict=True):
            folder = file.split("/")[0]
            assert label == {"_background_noise_": 0, "gamma": 1, "alpha": 2, "beta": 3}[folder]
    assert sum(len(corpus.split(name)) for name in SPLITS) > 120
    total = sum(np.count_nonzero(corpus.split(name).label) for name in SPLITS)
    assert total == 120


def test_the_hash_split_is_the_published_one():
    # computed with the rule as published with the data set
    known = {"0a7c2a8d_nohash_0.wav": "training", "0b40aa8e_nohash_1.wav": "testing", "a_nohash_0.wav": "testing"}
    for name, split in known.items():
        assert hash_split(name) == _published(name)
        assert split in SPLITS
    shares = [hash_split(f"{i:08x}_nohash_0.wav") for i in range(4000)]
    assert 0.08 < shares.count("validation") / 4000 < 0.12
    assert 0.08 < shares.count("testing") / 4000 < 0.12
    assert all(hash_split(f"{i:08x}_nohash_{i % 7}.wav") == hash_split(f"{i:08x}_nohash_0.wav") for i in range(50))


def _published(name: str) -> str:
    import hashlib

    digest = int(hashlib.sha1(name.split("_nohash_")[0].encode()).hexdigest(), 16)
    percentage = digest % 134217728 * (100.0 / 134217727)
    return "validation" if percentage < 10 else "testing" if percentage < 20 else "training"


def test_no_speaker_is_in_two_splits(make_folder, section, tmp_path):
    corpus = load_corpus(section, make_folder(), tmp_path / "cache", seed=1)
    seen = [set(np.array(corpus.split(name).speakers)[corpus.split(name).label > 0]) for name in SPLITS]
    assert all(seen)
    assert len(set.union(*seen)) == sum(map(len, seen))


def test_lists_decide_the_splits_where_there_are_some(make_folder, section, tmp_path):
    root = make_folder()
    names = sorted(path.relative_to(root).as_posix() for path in root.glob("alpha/*"))
    (root / "validation_list.txt").write_text("\n".join(names[:2]) + "\n\n")
    (root / "testing_list.txt").write_text("./" + names[2] + "\r\n" + names[3].replace("/", "\\"))
    corpus = load_corpus(section, root, tmp_path / "cache", seed=1)
    assert sorted(f for f in corpus.validation.files if f[0] != "_") == names[:2]
    assert sorted(f for f in corpus.testing.files if f[0] != "_") == names[2:4]
    only_testing = load_corpus(section, root, tmp_path / "cache", seed=1, splits=("testing",)).testing
    assert only_testing.files == corpus.testing.files
    assert np.array_equal(only_testing.pcm, corpus.testing.pcm)


def test_metadata_names_the_speakers(make_folder, section, tmp_path):
    root = make_folder()
    names = sorted(path.relative_to(root).as_posix() for path in root.glob("*a*/*.wav"))
    rows = [f"{name},person{i % 30}" for i, name in enumerate(names)]
    (root / "metadata.csv").write_text("file,speaker\n" + "\n".join(rows))
    folder = scan_folder(section, root)
    assert {clip.speaker for clip in folder.clips} == {f"person{i}" for i in range(30)}
    for speaker in {clip.speaker for clip in folder.clips}:
        assert len({clip.split for clip in folder.clips if clip.speaker == speaker}) == 1


def test_a_second_load_comes_from_the_cache_and_an_edit_is_noticed(make_folder, section, tmp_path, monkeypatch):
    root = make_folder(speakers=20)
    first = load_corpus(section, root, tmp_path / "cache", seed=1)
    with monkeypatch.context() as patch:
        patch.setattr("pipeline.corpus.recorded.read_or_error", lambda path: pytest.fail("decoded again"))
        again = load_corpus(section, root, tmp_path / "cache", seed=1)
    assert again.key == first.key
    assert np.array_equal(again.training.pcm, first.training.pcm)
    assert again.training.speakers == first.training.speakers
    shutil.copy(next(root.glob("alpha/*")), root / "alpha" / "ffffffff_nohash_3.wav")
    edited = load_corpus(section, root, tmp_path / "cache", seed=1)
    assert edited.key != first.key
    assert load_corpus(section, root, tmp_path / "cache", seed=2).key != edited.key


def test_a_damaged_cache_entry_is_made_again(make_folder, section, tmp_path):
    root = make_folder(speakers=20)
    first = load_corpus(section, root, tmp_path / "cache", seed=1)
    pcm = np.array(first.training.pcm)
    (entry,) = (tmp_path / "cache").glob("corpus-*")
    for name in ("clips.npy", "noise.npy", "corpus.json", "stage.json"):
        for damage in (lambda data: data[:-9], lambda data: data[:99] + bytes([data[99] ^ 1]) + data[100:]):
            (entry / name).write_bytes(damage((entry / name).read_bytes()))
            again = load_corpus(section, root, tmp_path / "cache", seed=1)
            assert np.array_equal(again.training.pcm, pcm)
            assert again.training.speakers == first.training.speakers


def test_silence_of_different_splits_shares_no_noise(make_folder, section, tmp_path):
    section = section.model_copy(update={"silence_fraction": 1.0})
    corpus = load_corpus(section, make_folder(), tmp_path / "cache", seed=1)
    training = {bytes(pcm) for pcm in corpus.noise}
    assert len(training) == 2
    assert sum(map(len, corpus.noise)) == pytest.approx(0.8 * 2 * 12 * 16_000, rel=0.01)
    for name in SPLITS:
        split = corpus.split(name)
        assert np.count_nonzero(split.label == 0) == np.count_nonzero(split.label)


def test_without_noise_recordings_there_is_synthetic_noise_and_a_note(make_folder, section, tmp_path):
    notes = Notes()
    corpus = load_corpus(section, make_folder(noise=False), tmp_path / "cache", seed=1, progress=notes)
    assert corpus.noise
    assert corpus.training.pcm[corpus.training.label == 0].any(axis=1).all()
    assert any("coloured noise" in line for line in notes.lines)
    again = Notes()
    load_corpus(section, tmp_path / "data", tmp_path / "cache", seed=1, progress=again)
    assert again.lines == notes.lines  # though nothing was decoded


def test_digital_silence_is_told(make_folder, section, tmp_path):
    root = make_folder(speakers=20)
    silent = sorted(root.glob("alpha/*"))[:2]
    for path in silent:
        soundfile.write(path, np.zeros(8000, np.int16), 16_000)
    for _ in range(2):
        notes = Notes()
        load_corpus(section, root, tmp_path / "cache", seed=1, progress=notes)
        assert notes.lines == [
            f"2 recordings hold nothing but digital silence, alpha/{silent[0].name} first: delete them"
        ]


def test_recordings_without_a_speaker_are_told(make_folder, section):
    root = make_folder()
    for i, path in enumerate(sorted(root.glob("alpha/*"))[:3]):
        path.rename(path.with_name(f"take {i}.wav"))
    notes = Notes()
    scan_folder(section, root, notes)
    assert len(notes.lines) == 1
    assert "nothing tells who speaks in 3 of 120 recordings, alpha/take 0.wav first" in notes.lines[0]
    (root / "metadata.csv").write_text("file,speaker\n" + "".join(f"alpha/take {i}.wav,ann\n" for i in range(3)))
    notes = Notes()
    scan_folder(section, root, notes)
    assert not notes.lines


def test_metadata_of_other_columns_is_refused(make_folder, section):
    root = make_folder()
    (root / "metadata.csv").write_text("path,who\nalpha/a.wav,ann\n")
    with pytest.raises(CorpusError, match="columns path, who") as error:
        scan_folder(section, root)
    assert "file and speaker" in error.value.hint


def test_a_split_list_of_absent_files_is_refused(make_folder, section, tmp_path):
    root = make_folder()
    (root / "testing_list.txt").write_text("alpha/gone.wav\nbeta/gone.wav\n")
    with pytest.raises(CorpusError, match=r"testing split .* names 2 files that are not there, alpha/gone\.wav first"):
        load_corpus(section, root, tmp_path / "cache")
    there = sorted(root.glob("alpha/*"))[0].relative_to(root).as_posix()
    (root / "testing_list.txt").write_text(f"alpha/gone.wav\n{there}\n")
    notes = Notes()
    scan_folder(section, root, notes)
    assert "1 files that the split lists name are not in" in notes.lines[0]
    assert "alpha/gone.wav first" in notes.lines[0]


def test_damaged_noise_is_named_all_at_once(make_folder, section, tmp_path):
    root = make_folder(speakers=20)
    for name in ("hum", "hiss"):
        (root / "_background_noise_" / f"{name}.wav").write_bytes(b"RIFF")
    with pytest.raises(CorpusError, match="2 recordings cannot be used") as error:
        load_corpus(section, root, tmp_path / "cache", seed=1)
    assert all(name in error.value.message for name in ("hum.wav", "hiss.wav"))


def test_unknown_words_can_be_limited(make_folder, section, tmp_path):
    root = make_folder(("alpha", "beta", "gamma", "delta", "epsilon"), speakers=30)
    limited = section.model_copy(update={"unknown_ratio": 1.0})
    split = load_corpus(limited, root, tmp_path / "cache", seed=1).training
    assert np.count_nonzero(split.label == 1) == round(np.count_nonzero(split.label >= 2) / 2)


def test_other_files_are_ignored(make_folder, section, tmp_path):
    root = make_folder(speakers=20)
    (root / "alpha" / "._macos.wav").write_bytes(b"resource fork")
    (root / "alpha" / "notes.txt").write_text("hello")
    (root / ".git").mkdir()
    (root / "empty").mkdir()
    assert load_corpus(section, root, tmp_path / "cache", seed=1).labels[2:] == ("alpha", "beta")


def test_a_missing_or_empty_folder_is_named(section, tmp_path):
    with pytest.raises(CorpusError, match="no data folder"):
        load_corpus(section, tmp_path / "absent", tmp_path / "cache")
    (tmp_path / "empty" / "alpha").mkdir(parents=True)
    with pytest.raises(CorpusError, match="no recordings"):
        load_corpus(section, tmp_path / "empty", tmp_path / "cache")
    with pytest.raises(CorpusError, match="needs a folder") as error:
        load_corpus(section, None, tmp_path / "cache")
    assert "--data" in error.value.hint


def test_a_misspelt_keyword_gets_a_suggestion(make_folder, tmp_path):
    root = make_folder()
    with pytest.raises(CorpusError, match="'alfa'") as error:
        load_corpus(CorpusSection(keywords=("alfa",)), root, tmp_path / "cache")
    assert "did you mean alpha?" in error.value.hint
    assert "gamma" in error.value.hint


def test_one_class_only_is_refused(make_folder, tmp_path):
    with pytest.raises(CorpusError, match="one class only: alpha"):
        load_corpus(CorpusSection(keywords=("alpha",)), make_folder(("alpha",)), tmp_path / "cache")


def test_a_split_without_clips_is_refused(make_folder, section, tmp_path):
    with pytest.raises(CorpusError, match=r"split of .* has no clips") as error:
        load_corpus(section, make_folder(speakers=1), tmp_path / "cache")
    assert "speakers" in error.value.hint


def test_a_folder_to_test_on_needs_no_other_split(make_folder, section, tmp_path):
    root = make_folder(speakers=2)
    names = sorted(path.relative_to(root).as_posix() for path in root.glob("[abg]*/*.wav"))
    (root / "testing_list.txt").write_text("\n".join(names))
    testing = load_corpus(section, root, tmp_path / "cache", splits=("testing",)).testing
    assert sorted(name for name in testing.files if name[0] != "_") == names
    with pytest.raises(CorpusError, match=r"validation split .* has no clips") as error:
        load_corpus(section, root, tmp_path / "cache", splits=("testing", "validation"))
    assert "--data DIR --test-data DIR" in error.value.hint


def test_a_file_in_both_lists_is_refused(make_folder, section, tmp_path):
    root = make_folder()
    name = next(root.glob("alpha/*")).relative_to(root).as_posix()
    for split in ("validation", "testing"):
        (root / f"{split}_list.txt").write_text(name)
    with pytest.raises(CorpusError, match="both split lists"):
        load_corpus(section, root, tmp_path / "cache")


def test_damaged_recordings_are_named_all_at_once(make_folder, section, tmp_path):
    root = make_folder(speakers=20)
    bad = sorted(root.glob("alpha/*"))[:2]
    bad[0].write_bytes(b"")
    with pytest.raises(CorpusError, match=bad[0].name):
        load_corpus(section, root, tmp_path / "cache")
    bad[1].write_bytes(bad[1].read_bytes()[:3000])
    with pytest.raises(CorpusError, match="2 recordings cannot be used") as error:
        load_corpus(section, root, tmp_path / "cache")
    assert bad[0].name in error.value.message
    assert bad[1].name in error.value.message
    assert not list((tmp_path / "cache").rglob("*.json"))


def test_recorded_speech_loads(speech_dir, tmp_path):
    keywords = ("alexa", "computer", "jarvis", "smart_mirror", "snowboy", "view_glass")
    section = CorpusSection(keywords=keywords)
    split = load_corpus(section, speech_dir, tmp_path / "cache", splits=("testing",)).testing
    assert len(split) == 829
    assert set(split.label.tolist()) == set(range(8))
    assert np.abs(split.pcm[split.label > 1].astype(int)).max(axis=1).min() > 100
    ends = np.concatenate([split.pcm[:, :800], split.pcm[:, -800:]], axis=1)
    assert np.count_nonzero(ends, axis=1).min() > 0  # digital zeros would give classes away


def test_folders_are_named_as_people_write_words(make_folder):
    root = make_folder(("Hey Marvin", "größe", "other"))
    (root / "hey_marvin").mkdir()
    shutil.copy(next((root / "other").iterdir()), root / "hey_marvin" / "more_nohash_0.wav")
    folder = scan_folder(CorpusSection(keywords=("hey marvin", "Gro\u0308ße"), clip_seconds=0.5), root)
    counts = [sum(clip.label == label for clip in folder.clips) for label in (2, 3)]
    assert counts == [41, 40]
