from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def test_the_report_gets_the_baselines(whistles: Path, whistle_recipe: Path, tmp_path: Path) -> None:
    arguments = ["--recipe", whistle_recipe, "--data", whistles, "--target", "host", "--out", tmp_path / "o",
                 "--cache", tmp_path / "c"]  # fmt: skip
    run = subprocess.run(
        [sys.executable, "-m", "lab.baselines", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    report = json.loads((tmp_path / "o" / "whistles_4bit_host.json").read_text())
    assert [row["name"] for row in report["baselines"]] == ["TFLite int8 PTQ", "TFLite int8 QAT"]
    # the same network on the same clips: whistles are told apart by either route or by none
    float_share = report["accuracy"][0]["keyword"]
    assert all(abs(row["keyword"] - float_share) < 0.5 for row in report["baselines"])
    assert all(0 <= row["miss"] <= 1 and row["det"] for row in report["baselines"])
    assert report["accuracy"][-1]["saved_against_int8"] > 0
    assert report["parity"]["differing_logits"] == 0
    assert "TFLite int8 PTQ" in run.stdout
