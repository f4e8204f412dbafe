"""A small user's place: whistles of ten speakers for words, a recipe that trains on them in seconds, a finished run."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import soundfile

from lab.misuse.case import Place
from pipeline.errors import ToolchainError

_RATE = 16_000
_WORDS = {"low": 400.0, "high": 1500.0, "other": 3200.0}
_RECIPE = """
name = "whistles"
[corpus]
source = "folder"
keywords = ["low", "high"]
clip_seconds = 1.0
added_clips = 0
[frontend]
context_frames = 12
[augmentation]
shift_ms = 20.0
[model]
kind = "perceptron"
hidden = [12]
dropout = 0.0
[training]
epochs = 4
qat_epochs = 2
batch_size = 16
[tuning]
hours = 0
"""


def make_place(root: Path) -> Place:
    """Records, trains, and builds the virtual board's image in ``root``, where that was not done before.

    Raises:
        ToolchainError: the run fails.
    """
    data, recipe = root / "data", root / "whistles.toml"
    place = Place(
        recipe, data, root / "out", root / "cache", root / "out" / "whistles_4bit.tflite",
        root / "out" / "whistles_4bit_qemu.elf", 40.0,
    )  # fmt: skip
    if not data.exists():
        _record(data)
    recipe.write_text(_RECIPE, "utf-8")
    start = time.monotonic()
    for command in (place.run(place.out, place.cache), ("pipeline.build", "--model", place.model, "--data", data)):
        target = ("--out", place.out, "--cache", place.cache, "--target", "qemu") if "--model" in command else ()
        done = subprocess.run(
            [sys.executable, "-m", *map(str, (*command, *target))], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise ToolchainError(f"a run on whistles failed:\n{done.stderr}", "see: doctor")
        if "--model" not in command:
            seconds = time.monotonic() - start
    return Place(place.recipe, place.data, place.out, place.cache, place.model, place.image, max(seconds, 15.0))


def _record(root: Path) -> None:
    rng = np.random.default_rng(1)
    when = np.arange(_RATE) / _RATE
    lists: dict[str, list[str]] = {"validation": [], "testing": []}
    for word, pitch in _WORDS.items():
        (root / word).mkdir(parents=True)
        for i in range(30):
            speaker = i % 10
            tone = np.sin(2 * np.pi * pitch * (1 + 0.01 * speaker) * when) * np.hanning(_RATE)
            name = f"{word}/speaker{speaker:02d}_nohash_{i // 10}.wav"
            soundfile.write(root / name, 0.3 * tone + 0.01 * rng.normal(size=_RATE), _RATE)
            if speaker >= 8:
                lists["validation" if speaker == 8 else "testing"].append(name)
    (root / "_background_noise_").mkdir()
    soundfile.write(root / "_background_noise_" / "hiss.wav", 0.02 * rng.normal(size=20 * _RATE), _RATE)
    for split, names in lists.items():
        (root / f"{split}_list.txt").write_text("\n".join(names) + "\n", "utf-8")
