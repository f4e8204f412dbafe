"""Nothing stale is shown: after an edit or damage the stages that it matters to run again, and no others."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.project import PROJECT


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of its own, to edit."""
    root = tmp_path_factory.mktemp("tree")
    for name in ("pipeline", "firmware", "models"):
        shutil.copytree(PROJECT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "platformio.ini", root)
    return root


def ran(tree: Path, whistles: Path, recipe: Path, *, parity: bool = True) -> tuple[set[str], str]:
    """Builds for this computer; the stages that were not found finished, and what the run said."""
    out, cache = tree / "out", tree / "cache"
    command = [sys.executable, "-m", "pipeline.build", "--recipe", recipe, "--data", whistles, "--target", "host"]
    run = subprocess.run(
        [*map(str, command), "--no-compare", "--out", str(out), "--cache", str(cache)],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (run.returncode == 0) == parity, run.stdout + run.stderr
    report = json.loads((out / "whistles_4bit_host.json").read_text())
    assert (report["parity"]["differing_logits"] == 0) == parity
    return {stage["name"] for stage in report["stages"] if not stage["cached"]}, run.stdout


def test_edits_and_damage(tree: Path, whistles: Path, whistle_recipe: Path) -> None:
    everything = {
        "train-float", "evaluate-float", "train-4bit", "quantize-4bit", "tune", "reference", "conditions",
        "export-float", "firmware-host", "device-host",
    }  # fmt: skip
    assert ran(tree, whistles, whistle_recipe)[0] == everything

    kernel = tree / "firmware" / "lib" / "dynq" / "dynq_network.c"
    kernel.write_text(kernel.read_text() + "\n/* an edit */\n")
    assert ran(tree, whistles, whistle_recipe)[0] == {"tune", "firmware-host", "device-host"}

    for folder in [*(tree / "out").glob("*/stage.json"), *(tree / "cache").glob("*/stage.json")]:
        record = json.loads(folder.read_text())
        file = folder.parent / max(record["files"], key=lambda name: (folder.parent / name).stat().st_size)
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 0x10
        file.write_bytes(data)
    stages, said = ran(tree, whistles, whistle_recipe)
    assert stages == everything
    for name in ("corpus", "features", "firmware-host", "device-host"):
        assert f"{name} runs again" in said

    # device answers are kept, what they are held to is not: another reference is noticed
    reference = tree / "pipeline" / "workflow" / "reference.py"
    right = reference.read_text()
    wrong = right.replace("np.concatenate(parts)", "np.concatenate(parts) + 1")
    assert wrong != right
    reference.write_text(wrong)
    assert ran(tree, whistles, whistle_recipe, parity=False)[0] == {"reference"}
    reference.write_text(right)
    assert ran(tree, whistles, whistle_recipe)[0] == set()
