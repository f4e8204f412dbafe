"""Finished stages are kept, changed inputs run again, and an interrupted stage finds its own files."""

from __future__ import annotations

import json

import pytest

from pipeline.stages import Stages, code_version, hash_of


def test_runs_once_per_inputs(tmp_path):
    calls = []

    def make(folder):
        calls.append(folder.name)
        (folder / "out.txt").write_text(str(len(calls)))

    first = Stages(tmp_path).run("train", {"lr": 1}, make)
    again = Stages(tmp_path).run("train", {"lr": 1}, make)
    other = Stages(tmp_path).run("train", {"lr": 2}, make)
    assert (first.cached, again.cached, other.cached) == (False, True, False)
    assert (first.folder / "out.txt").read_text() == "1"
    assert (other.folder / "out.txt").read_text() == "2"
    assert len(calls) == 2


def test_interrupted_stage_keeps_its_files_and_is_not_finished(tmp_path):
    def interrupted(folder):
        (folder / "checkpoint").write_text("epoch 3")
        raise KeyboardInterrupt

    def resumed(folder):
        assert (folder / "checkpoint").read_text() == "epoch 3"
        (folder / "out.txt").write_text("done")

    with pytest.raises(KeyboardInterrupt):
        Stages(tmp_path).run("train", {}, interrupted)
    result = Stages(tmp_path).run("train", {}, resumed)
    assert not result.cached
    assert (result.folder / "out.txt").read_text() == "done"


def test_half_written_marker_does_not_count(tmp_path):
    folder = Stages(tmp_path).run("a", {}, lambda path: None).folder
    (folder / "stage.json").unlink()
    assert not Stages(tmp_path).run("a", {}, lambda path: None).cached
    assert json.loads((folder / "stage.json").read_text())["stage"] == "a"


def test_code_version_follows_the_sources():
    assert code_version("pipeline/quantization") != code_version("pipeline/stages.py")
    assert code_version("pipeline/quantization") == code_version("pipeline/quantization")
    assert len(hash_of({"a": 1})) == 12
