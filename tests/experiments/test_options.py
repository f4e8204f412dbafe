"""Where an experiment's and a search's options lead."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from pipeline.experiments.cells import Place
from pipeline.experiments.options import Trainings, training_options
from pipeline.experiments.workers import run_all


@click.command()
@training_options(out=Path("here"), results="Results.", at_once="At once")
@click.pass_context
def given(context: click.Context, trainings: Trainings) -> None:
    context.obj.append(trainings)


def typed(*arguments: str) -> Trainings:
    got: list[Trainings] = []
    result = CliRunner().invoke(given, arguments, obj=got)
    assert result.exit_code == 0, result.output
    return got[0]


def test_workers_get_whole_paths_and_results_are_told_where_they_were_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    found = typed("--data", "words", "--out", "there")
    assert found.out == Path("there")
    assert found.place == Place(tmp_path / "words", None, tmp_path / "out" / "cache", tmp_path / "there")
    assert typed().place.out == tmp_path / "here"


def test_as_many_at_once_as_there_are_cores_or_as_is_said(monkeypatch: pytest.MonkeyPatch):
    assert typed().workers == (os.cpu_count() or 1)
    assert typed("--workers", "3").workers == 3
    assert list(run_all([], typed().place, typed().runner())) == []
    assert CliRunner().invoke(given, ["--workers", "0"]).exit_code == 2
    monkeypatch.setattr("pipeline.experiments.options.on_ray", lambda address: address)
    assert typed("--ray", "10.0.0.1:6379").runner() == "10.0.0.1:6379"


def test_help_says_whose_results_and_what_is_at_once():
    said = CliRunner().invoke(given, ["--help"]).output
    assert "Results.  [default: here]" in said
    assert "At once; each takes one core.  [default:" in said
