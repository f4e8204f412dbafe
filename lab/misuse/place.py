"""A small user's place: whistles of ten speakers for words, a recipe that trains on them in seconds, a finished run."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from lab.misuse.case import Place
from lab.whistles import RECIPE, record_whistles
from pipeline.errors import ToolchainError


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
        record_whistles(data)
    recipe.write_text(RECIPE, "utf-8")
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
