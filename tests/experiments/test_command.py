"""The command as a user runs it: the example of docs/experiments.md, killed and gone on with."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.project import PROJECT
from tests.commands import called, command, refused
from tests.workflow.conftest import RECIPE

EXAMPLE = re.findall(r"```toml\n(.*?)```", (PROJECT / "docs" / "experiments.md").read_text("utf-8"), re.DOTALL)


def test_the_example_comes_to_what_it_says(tmp_path: Path):
    (tmp_path / "longer.toml").write_text(EXAMPLE[0])
    run = called("pipeline.experiment", tmp_path / "longer.toml", "--dry-run")
    assert run.returncode == 0, run.stderr
    assert "channels=64 qat_epochs=2, 4-bit post-training, seed 3, fold 5 of 5" in run.stdout
    assert f"{4 * 3 * 5 * 4} models" in run.stdout
    (tmp_path / "changes.toml").write_text('name = "changes"\n' + EXAMPLE[1])
    run = called("pipeline.experiment", tmp_path / "changes.toml", "--dry-run")
    assert "perceptron, 2-bit, seed 3" in run.stdout


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The example on whistles: a smaller network, one seed, no folds."""
    recipe = re.sub(r"\[model\].*?\[training\]", "[training]", RECIPE, flags=re.DOTALL)
    recipe = recipe.replace("epochs = 4", "epochs = 1")
    (tmp_path / "small.toml").write_text(recipe + "[model]\nkind = 'temporal'\nblocks = [{ taps = 2 }]\n")
    text = EXAMPLE[0].replace('"wake_words"', f'"{tmp_path / "small.toml"}"').replace("[1, 2, 3]", "[1]")
    text = text.replace("folds = 5", "").replace("[4, 2]", "[4]").replace("post_training = [4]", "")
    text = text.replace("[32, 64]", "[4]")
    path = tmp_path / "longer.toml"
    path.write_text(text)
    return path


def test_a_killed_run_goes_on(small: Path, whistles: Path, tmp_path: Path):
    arguments = [small, "--data", whistles, "--out", tmp_path / "out", "--cache", tmp_path / "cache", "--workers", "1"]
    first = subprocess.Popen(
        [sys.executable, "-u", "-m", "pipeline.experiment", *map(str, arguments)],
        stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert first.stdout is not None
    with first:
        seen = ""
        while "1 of 4" not in seen:
            line = first.stdout.readline()
            assert line, seen
            seen += line
        os.killpg(first.pid, signal.SIGKILL)
    run = command("pipeline.experiment", *arguments)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 of 4: channels=4 qat_epochs=1, float32, seed 1, kept" in run.stdout
    # the float twin does not depend on how long quantized ones train
    assert "2 of 4: channels=4 qat_epochs=2, float32, seed 1, kept" in run.stdout
    document = json.loads((tmp_path / "out" / "longer.json").read_text())
    rows = {(row["variant"], row["weights"]): row for row in document["results"] if row["condition"] == "as recorded"}
    assert len(rows) == 4
    floats = [rows[f"channels=4 qat_epochs={epochs}", "float32"] for epochs in (1, 2)]
    assert floats[0]["recognised"] == floats[1]["recognised"]
    assert rows["channels=4 qat_epochs=2", "4-bit"]["to_first"]["missed"]["value"] is not None
    assert (tmp_path / "out" / "longer_det.svg").read_text().startswith("<?xml")


def test_mistakes_end_with_a_hint(tmp_path: Path):
    (tmp_path / "bad.toml").write_text('name = "bad"\nsedes = [1]\n')
    refused(called("pipeline.experiment", tmp_path / "bad.toml"), "unknown key sedes")
    (tmp_path / "alone.toml").write_text('name = "alone"\nqat = []\nseeds = [1]\n')
    refused(called("pipeline.experiment", tmp_path / "alone.toml", "--workers", "1", "--out", tmp_path), "--data DIR")
