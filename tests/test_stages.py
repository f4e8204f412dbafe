"""Finished stages are kept, changed inputs run again, damage is noticed, and only one process works on a result."""

from __future__ import annotations

import fcntl
import json
import multiprocessing
import os
import threading
import time
from pathlib import Path

import pytest

from pipeline.files import locked
from pipeline.progress import SilentProgress
from pipeline.stages import Stages, hash_of


class Notes(SilentProgress):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, message: str) -> None:
        self.lines.append(message)


def test_runs_once_per_inputs(tmp_path):
    calls = []

    def make(folder):
        calls.append(folder.name)
        (folder / "out.txt").write_text(str(len(calls)))

    first = Stages(tmp_path).run("train", {"lr": 1}, make)
    again = Stages(tmp_path).run("train", {"lr": 1}, make)
    other = Stages(tmp_path).run("train", {"lr": 2}, make)
    assert (first.cached, again.cached, other.cached) == (False, True, False)
    assert (first.key, first.seconds) == (again.key, again.seconds)
    assert (first.folder / "out.txt").read_text() == "1"
    assert (other.folder / "out.txt").read_text() == "2"
    assert len(calls) == 2
    assert not Stages(tmp_path).run("train", {"lr": 2}, make, keep=False).cached
    assert (other.folder / "out.txt").read_text() == "3"


def test_other_code_runs_again(tmp_path, monkeypatch):
    first = Stages(tmp_path).run("a", {}, lambda folder: None)
    monkeypatch.setattr("pipeline.stages.code_version", lambda module: f"another {module}")
    assert Stages(tmp_path).run("a", {}, lambda folder: None).key != first.key


@pytest.mark.parametrize("resume", [True, False])
def test_an_interrupted_stage_is_not_finished_and_goes_on_only_where_it_can(tmp_path, resume):
    def interrupted(folder):
        (folder / "logs").mkdir()
        (folder / "checkpoint").write_text("epoch 3")
        raise KeyboardInterrupt

    def resumed(folder):
        assert (folder / "checkpoint").is_file() == (folder / "logs").is_dir() == resume
        (folder / "out.txt").write_text("done")

    with pytest.raises(KeyboardInterrupt):
        Stages(tmp_path).run("train", {}, interrupted, resume=resume)
    result = Stages(tmp_path).run("train", {}, resumed, resume=resume)
    assert not result.cached
    assert (result.folder / "out.txt").read_text() == "done"


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _forge(path: Path) -> None:
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "seconds": 0.5}))


@pytest.mark.parametrize(
    ("file", "damage"),
    [
        ("out.txt", _flip),
        ("sub/weights", _flip),
        ("sub/weights", lambda path: path.write_bytes(path.read_bytes()[:-1])),
        ("out.txt", Path.unlink),
        ("stage.json", _flip),
        ("stage.json", _forge),
        ("stage.json", Path.unlink),
        ("stage.json", lambda path: path.write_text("[]")),
    ],
)
def test_damage_is_noticed_and_the_stage_made_again(tmp_path, file, damage):
    notes, calls = Notes(), []

    def make(folder):
        calls.append(folder)
        (folder / "out.txt").write_text("result")
        (folder / "sub").mkdir()
        (folder / "sub" / "weights").write_bytes(bytes(range(256)))

    folder = Stages(tmp_path, notes).run("a", {}, make).folder
    assert Stages(tmp_path, notes).run("a", {}, make).cached
    assert not notes.lines
    damage(folder / file)
    assert not Stages(tmp_path, notes).run("a", {}, make).cached
    assert len(calls) == 2
    assert str(folder) in notes.lines[0]
    assert (folder / "out.txt").read_text() == "result"
    assert (folder / "sub" / "weights").read_bytes() == bytes(range(256))
    assert Stages(tmp_path, notes).run("a", {}, make).cached


def _slow(root: Path, answers: multiprocessing.Queue[tuple[bool, int]]) -> None:
    notes = Notes()

    def make(folder: Path) -> None:
        with (folder / "out.txt").open("a") as file:
            file.write("x")
        time.sleep(0.5)

    result = Stages(root, notes).run("slow", {}, make)
    assert (result.folder / "out.txt").read_text() == "x"
    answers.put((result.cached, len(notes.lines)))


def test_processes_that_need_the_same_result_make_it_once(tmp_path):
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    processes = [context.Process(target=_slow, args=(tmp_path, answers)) for _ in range(3)]
    for process in processes:
        process.start()
    found = sorted(answers.get(timeout=30) for _ in processes)
    for process in processes:
        process.join(30)
    assert [cached for cached, _ in found] == [False, True, True]
    assert all(lines == cached for cached, lines in found)  # who waited has said so
    assert [path.suffix for path in tmp_path.iterdir()] == [""]


@pytest.mark.parametrize("name", ["mkdir", "open", "flock"])
def test_a_folder_that_another_process_takes_away_is_made_again(tmp_path, monkeypatch, name):
    """The other process is at work between two calls of this one, at each place in turn."""
    folder, taken = tmp_path / "out", []
    module = fcntl if name == "flock" else os
    call = getattr(module, name)

    def late(*arguments):
        if taken:
            return call(*arguments)
        if name != "mkdir":
            taken.append(folder.rmdir())
            return call(*arguments)
        call(folder)
        try:
            return call(folder)
        except FileExistsError:
            taken.append(folder.rmdir())
            raise

    monkeypatch.setattr(module, name, late)
    with locked(folder):
        assert taken == [None]
        assert folder.is_dir()


def test_what_is_no_folder_is_not_waited_for(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("file", "link"):
        with pytest.raises(OSError, match=name), locked(tmp_path / name):
            pass


def test_a_result_that_another_process_made_before_the_lock_is_not_made_again(tmp_path, monkeypatch):
    """As when the other one ends after this one has looked and before it locks."""
    made = []

    def make(folder):
        made.append((folder / "out.txt").write_text("once"))

    look, looked = Stages._found, []

    def too_early(self, name, folder):
        if not looked:
            looked.append(name)
            Stages(tmp_path).run("a", {}, make)
            return None
        return look(self, name, folder)

    monkeypatch.setattr(Stages, "_found", too_early)
    assert Stages(tmp_path).run("a", {}, make).cached
    assert len(made) == 1


def test_a_lock_is_waited_for(tmp_path):
    notes, entered = Notes(), []

    def second() -> None:
        with locked(tmp_path / "out", notes) as waited:
            entered.append(waited)

    thread = threading.Thread(target=second)
    with locked(tmp_path / "out") as waited:
        assert not waited
        thread.start()
        while not notes.lines:
            time.sleep(0.01)
        time.sleep(0.1)
        assert entered == []
    thread.join(10)
    assert entered == [True]
    assert "waiting" in notes.lines[0]


def test_keys_are_short_and_stable():
    assert hash_of({"a": 1, "b": (2, 3)}) == hash_of({"b": [2, 3], "a": 1})
    assert len(hash_of({"a": 1})) == 12
    assert hash_of({"a": 1}) != hash_of({"a": 2})
