from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from lab.whistles import RECIPE

PERCEPTRON = 'kind = "perceptron"\nhidden = [12]\n'
TEMPORAL = 'kind = "temporal"\nchannels = 8\npooling = 3\nblocks = [{ taps = 3 }, { taps = 3 }]\n'


def command(whistles: Path, recipe: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    (tmp_path / "whistles.toml").write_text(recipe)
    arguments = ["--recipe", tmp_path / "whistles.toml", "--data", whistles, "--out", tmp_path / "o",
                 "--cache", tmp_path / "c", "--seeds", "1", "--widths", "4", "--epochs", "1",
                 "--page", tmp_path / "page.md"]  # fmt: skip
    program = [sys.executable, "-m", "lab.baselines", *map(str, arguments)]
    return subprocess.run(program, capture_output=True, text=True, check=False)


def test_the_page_sets_all_routes_side_by_side(whistles: Path, tmp_path: Path) -> None:
    run = command(whistles, RECIPE.replace(PERCEPTRON, TEMPORAL), tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr
    rows = [line.split(" | ") for line in (tmp_path / "page.md").read_text("utf-8").splitlines() if line[:2] == "| "]
    names = ["float32", "4-bit", "int8, post-training, window", "int8, trained, window",
             "int8, post-training, streaming", "int4, trained, streaming"]  # fmt: skip
    answered = {row[2]: float(row[3].split()[0]) for row in rows if row[0] == "| as recorded"}
    assert list(answered) == names
    # the same network on the same clips: whistles are told apart by every route or by none
    for name in ("int8, post-training, window", "int8, post-training, streaming"):
        assert abs(answered[name] - answered["float32"]) < 25
    costs = {row[0].removeprefix("| "): row[1:] for row in rows if row[0].removeprefix("| ") in names}
    assert list(costs) == names[1:]


def test_another_network_is_refused(whistles: Path, tmp_path: Path) -> None:
    run = command(whistles, RECIPE, tmp_path)
    assert run.returncode != 0
    assert "another network than the default one" in " ".join((run.stdout + run.stderr).split())
