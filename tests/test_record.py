"""``python -m pipeline.record``, by a microphone that is not ours: what is kept, asked, told and refused."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import soundfile
from click.testing import CliRunner, Result

from pipeline import microphone
from pipeline.config import CorpusSection
from pipeline.corpus import load_corpus
from pipeline.record import main
from tests.fake_sounddevice import fake


def record(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, list(arguments), input=typed)


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Any:
    module = fake()
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    return module


def test_a_build_can_read_what_three_people_record(there: Any, tmp_path: Path):
    for speaker, split in (("amelia", "training"), ("bert", "validation"), ("cleo", "testing")):
        done = record(
            "hey robot", "lamp", "--speaker", speaker, "--split", split, "--data", str(tmp_path / "mine"),
            "--clips", "2", "--yes",
        )  # fmt: skip
        assert done.exit_code == 0, done.output
        assert f"for {split}" in done.output
    assert "pipeline.build --data" in done.output
    section = CorpusSection(keywords=("hey_robot",), added_clips=0, silence_fraction=0)
    corpus = load_corpus(section, tmp_path / "mine", tmp_path / "cache")
    for name in ("training", "validation", "testing"):
        split = corpus.split(name)
        assert sorted(split.label) == [1, 1, 2, 2]
        assert len(set(split.speakers)) == 1
        assert split.pcm.shape == (4, 24_000)
        assert split.pcm.max() > 5_000  # the voice is in it
    assert len({corpus.split(name).speakers[0] for name in ("training", "validation", "testing")}) == 3


def test_it_plays_and_asks(there: Any, tmp_path: Path):
    done = record("lamp", "--speaker", "amelia", "--data", str(tmp_path), "--clips", "2", typed="a\n\ns\n")
    assert done.exit_code == 0, done.output
    (kept,) = (tmp_path / "lamp").iterdir()  # again, keep, stop
    assert len(there.played) == 3
    assert there.played[1][1] == 16_000
    assert (soundfile.read(kept, dtype="int16")[0] == there.played[1][0]).all()
    assert "1 of lamp" in done.output


def test_what_is_not_good_is_not_kept_by_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setitem(sys.modules, "sounddevice", fake(level=0.0))
    done = record("lamp", "--speaker", "amelia", "--data", str(tmp_path), "--yes")
    assert done.exit_code == 1
    assert "no word stands out" in done.output
    assert "hint:" in done.output
    assert "nothing was kept" in done.output
    done = record("lamp", "--speaker", "amelia", "--data", str(tmp_path), "--no-play", typed="\nk\ns\n")
    assert done.exit_code == 0  # again, although so; keep, although so; stop
    assert len(list((tmp_path / "lamp").iterdir())) == 1


@pytest.mark.parametrize(("module", "told"), [(None, "no microphone support"), (fake(device=None), "no microphone f")])
def test_without_a_microphone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, module: Any, told: str):
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    done = record("lamp", "--speaker", "amelia", "--data", str(tmp_path / "new"))
    assert done.exit_code == 1
    assert told in done.output
    assert "hint:" in done.output
    assert not (tmp_path / "new").exists()


def test_a_microphone_that_dies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setitem(sys.modules, "sounddevice", fake(silent_after=4))
    monkeypatch.setattr(microphone, "_DEAD_SECONDS", 0.2)
    done = record("lamp", "--speaker", "amelia", "--data", str(tmp_path), "--yes")
    assert done.exit_code == 1
    assert "gave nothing" in done.output


def test_words_that_cannot_be(there: Any, tmp_path: Path):
    for words in ((), ("../up",), ("",)):
        done = record(*words, "--speaker", "amelia", "--data", str(tmp_path / "new"), "--yes")
        assert done.exit_code == 2, done.output
        assert not (tmp_path / "new").exists()
