"""The wheel, installed outside the checkout: every command is there, and a build writes nothing into the package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.project import PROJECT

RECIPE = """
name = "tiny"
[corpus]
source = "synthetic"
keywords = ["stop", "go"]
clip_seconds = 1.0
sentence_hours = 0
[corpus.synthesis]
clips_per_keyword = 24
unknown_clips = 40
[frontend]
context_frames = 12
[model]
kind = "perceptron"
hidden = [12]
[training]
epochs = 2
qat_epochs = 1
[tuning]
hours = 0.3
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Virtual environment with the wheel; the packages it needs are those of the environment that runs the tests."""
    root = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", root, cwd=PROJECT)
    run(sys.executable, "-m", "venv", root / "venv")
    packages = next((root / "venv" / "lib").glob("python3.*/site-packages"))
    # .pth files in these do not count, and so not an editable install of the checkout either
    (packages / "others.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))
    run(
        root / "venv/bin/python", "-m", "pip", "install", "--no-deps", "--no-index", "--ignore-installed",
        *root.glob("*.whl"),
    )  # fmt: skip
    package = packages / "pipeline"
    for folder in (package, *filter(Path.is_dir, package.rglob("*"))):
        folder.chmod(0o555)
    yield root / "venv"
    for folder in (package, *filter(Path.is_dir, package.rglob("*"))):
        folder.chmod(0o755)


def run(*command: str | Path, cwd: Path | None = None, **environment: str) -> str:
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        env={**{name: value for name, value in os.environ.items() if name != "PYTHONPATH"}, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


def files(root: Path) -> list[Path]:
    return sorted(path for path in (root, *root.rglob("*")) if path.suffix != ".pyc" and path.name != "__pycache__")


def test_an_editable_install_copies_no_module(tmp_path: Path):
    """pytest would take platform.py, which is PlatformIO's, for a plugin's, and warn that it is not."""
    pytest.importorskip("hatchling")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel:editable", "-d", tmp_path, cwd=PROJECT)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert not [name for name in archive.namelist() if name.endswith(".py")]
        assert archive.read("_dynq.pth").decode().split() == [str(PROJECT)]


@pytest.mark.slow
def test_a_build_far_from_the_checkout(installed: Path, tmp_path: Path):
    dynq = installed / "bin" / "dynq"
    package = Path(
        run(installed / "bin/python", "-c", "import pipeline; print(*pipeline.__path__)", cwd=tmp_path).strip()
    )
    assert package.is_relative_to(installed)
    assert not package.is_relative_to(PROJECT)
    before = files(package)
    for name in (
        "firmware/app",
        "firmware/boards",
        "firmware/lib",
        "firmware/platform",
        "models",
        "platformio.ini",
        "LICENSE",
    ):
        copied = {path.relative_to(package / "_project") for path in files(package / "_project" / name)}
        assert copied == {path.relative_to(PROJECT) for path in files(PROJECT / name)}, name
    (tmp_path / "tiny.toml").write_text(RECIPE)
    said = run(
        dynq, "build", "--recipe", "tiny.toml", "--keywords", "computer,jarvis", "--no-compare", cwd=tmp_path,
        DYNQ_CACHE=str(tmp_path / "cache"),
    )  # fmt: skip
    assert "equal to the bit" in said
    out = tmp_path / "out" / "computer_jarvis"
    report = json.loads((out / "computer_jarvis_4bit_qemu.json").read_text())
    assert report["parity"]["differing_logits"] == 0
    assert report["provenance"]["command"].startswith("dynq build --recipe tiny.toml")
    model = Path("out", "computer_jarvis", "computer_jarvis_4bit.tflite")
    assert "kws_model.c" in run(dynq, "export", model, "--out", "c", cwd=tmp_path)
    assert "equal to the bit" in run(dynq, "build", "--model", model, "--target", "nano33", cwd=tmp_path)
    assert files(package) == before


@pytest.mark.slow
def test_every_command_is_there(installed: Path, tmp_path: Path):
    commands = run(installed / "bin" / "dynq", "--help", cwd=tmp_path).partition("Commands:")[2]
    named = [line.split()[0] for line in commands.splitlines() if line.startswith("  ") and line[2] != " "]
    assert {"build", "train", "quantize", "export", "runner", "board", "listen", "record", "doctor"} <= set(named)
    for name in named:
        assert "Usage:" in run(installed / "bin" / "dynq", name, "--help", cwd=tmp_path)
