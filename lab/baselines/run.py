"""Runs the baselines in a process of their own and reads what they left."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lab.baselines.inputs import BaselineInputs
from pipeline.emulators.process import die_with_parent
from pipeline.errors import ToolchainError
from pipeline.progress import SILENT, Progress

PROCESS_SECONDS = 5400
"""A baseline process that takes longer is stuck."""

TRAINED = 2
"""How many of ``lab.baselines.routes`` train, each for all epochs."""


@dataclass(frozen=True)
class BaselineResult:
    """One baseline on the test clips.

    Attributes:
        file: its ``.tflite``, int8 in and out.
        logits: float32 ``[n, labels]``, dequantized outputs in LiteRT.
    """

    name: str
    file: Path
    logits: NDArray[np.float32]


def run_baselines(inputs: BaselineInputs, folder: Path, progress: Progress = SILENT) -> list[BaselineResult]:
    """Every route of ``lab.baselines.routes`` from one float network.

    Args:
        folder: receives the ``.tflite`` files.

    Raises:
        ToolchainError: tfmot is not installed, or the process failed or took too long.
    """
    folder.mkdir(parents=True, exist_ok=True)
    prepared = folder / "inputs.npz"
    inputs.save(prepared)
    try:
        _run(prepared, folder, inputs.epochs, progress)
    finally:
        prepared.unlink(missing_ok=True)
    return read_baselines(folder)


def read_baselines(folder: Path) -> list[BaselineResult]:
    """What an earlier ``run_baselines`` left in its folder."""
    found = json.loads((folder / "baselines.json").read_text("utf-8"))
    return [BaselineResult(entry["name"], folder / entry["file"], np.load(folder / entry["logits"])) for entry in found]


def _run(inputs: Path, out_dir: Path, epochs: int, progress: Progress) -> None:
    command = [sys.executable, "-m", "lab.baselines.process", str(inputs), str(out_dir)]
    last: deque[str] = deque(maxlen=15)
    with (
        progress.task("Baselines: TensorFlow Lite and tfmot", TRAINED * epochs) as task,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            preexec_fn=die_with_parent,
        ) as process,
    ):
        stuck = threading.Timer(PROCESS_SECONDS, process.kill)
        stuck.start()
        try:
            for line in process.stdout or ():
                if re.match(r"epoch \d+ of \d+", line):
                    task.advance()
                else:
                    last.append(line.rstrip())
            status = process.wait()
        finally:
            stuck.cancel()
            process.kill()
    if status != 0:
        text = "\n".join(last)
        if "No module named" in text:
            raise ToolchainError(
                f"the baselines need a package: {last[-1]}",
                "pip install 'dynq[baseline]'",
            )
        raise ToolchainError(
            f"the baseline process ended with status {status}:\n{text}", f"run it by hand: {' '.join(command)}"
        )
