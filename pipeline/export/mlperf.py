"""A test split in the form that the MLPerf Tiny runner reads, so that it can drive a board: docs/mlperf_runner.md."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UsageError
from pipeline.export import mlperf_launch
from pipeline.files import write_bytes, write_text

MODEL_NAME = "kws01"
"""The runner picks data set and script by the model that the device names; ours names the keyword-spotting one."""

WINDOW_SECONDS = 10.0
"""The runner wants a performance window to last at least so long, ..."""
ANSWER_SECONDS = 30.0
"""... and gives up when an ``infer`` command has not answered for so long."""
WARMUP = 10

NANO_33_BLE_USB = (0x2341, 0x805A)


@dataclass(frozen=True)
class RunnerFiles:
    """What the runner's options ``--dataset_path``, ``--device_list`` and ``--test_script`` take, and its launcher."""

    dataset_path: Path
    device_list: Path
    accuracy_script: Path
    performance_script: Path
    launcher: Path
    samples: int
    inferences_per_window: int


def write_runner_files(
    features: NDArray[np.int8],
    labels: NDArray[np.int64],
    classes: int,
    directory: Path,
    *,
    microseconds_per_inference: float,
    usb: tuple[int, int] = NANO_33_BLE_USB,
    baud: int = 115_200,
) -> RunnerFiles:
    """Writes one ``.bin`` file per sample, ``y_labels.csv``, a device list, both test scripts, and what starts the
    runner on any port.

    Args:
        features: int8 ``[n, inputs]``; the bytes go to the device as they are.
        labels: int64 ``[n]``, class of each sample.
        classes: number of classes.
        microseconds_per_inference: of the board that will be tested; it sets how many inferences fill a window.
        usb: vendor and product id by which the runner recognises the board's serial port.

    Raises:
        UsageError: nothing to write, labels out of range, or an inference too slow for the runner's time limit.
    """
    if features.ndim != 2 or features.dtype != np.int8 or labels.shape != features.shape[:1] or not len(labels):
        raise UsageError(f"features {features.dtype} {features.shape} and labels {labels.shape} are no test split")
    if labels.min() < 0 or labels.max() >= classes:
        raise UsageError(f"labels go from {labels.min()} to {labels.max()}, there are {classes} classes")
    inferences = inferences_per_window(microseconds_per_inference)
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    folder = directory / "datasets" / MODEL_NAME
    for index, (row, label) in enumerate(zip(features, labels, strict=True)):
        name = f"sample_{index:05d}.bin"
        write_bytes(folder / name, row.tobytes())
        writer.writerow((name, classes, int(label), features.shape[1], features.shape[1]))
    write_text(folder / "y_labels.csv", table.getvalue())
    files = RunnerFiles(
        directory / "datasets",
        directory / "devices.yaml",
        directory / "tests_accuracy.yaml",
        directory / "tests_performance.yaml",
        directory / "launch.py",
        len(labels),
        inferences,
    )
    write_text(files.launcher, Path(mlperf_launch.__file__).read_text("utf-8"))
    write_text(directory / "requirements.txt", "".join(f"{one}\n" for one in mlperf_launch.REQUIREMENTS.values()))
    write_text(files.device_list, _devices(usb, baud))
    write_text(files.accuracy_script, _script("loop", "infer 1 0"))
    write_text(files.performance_script, _script("loop 5", f"infer {inferences} {WARMUP}"))
    return files


def inferences_per_window(microseconds: float) -> int:
    """Inferences of so many microseconds that fill a window with a twentieth to spare.

    Raises:
        UsageError: they are no time, or too long for the runner's time limit.
    """
    if not (math.isfinite(microseconds) and microseconds > 0):
        raise UsageError(f"{microseconds:g} microseconds per inference", "give what the report of a real board says")
    count = math.ceil(1.05 * WINDOW_SECONDS * 1e6 / microseconds)
    if (count + WARMUP) * microseconds > 0.95 * ANSWER_SECONDS * 1e6:
        raise UsageError(
            f"an inference takes {microseconds / 1e6:.1f} s: {count} with {WARMUP} to warm up do not fit "
            f"into the runner's {ANSWER_SECONDS:.0f} s",
            "use a faster board or a smaller model",
        )
    return count


def _devices(usb: tuple[int, int], baud: int) -> str:
    return (
        f"# The device under test, for the runner's --device_list.\n"
        f"- name: dynq\n  type: dut\n  baud:\n    performance: {baud}\n    accuracy: {baud}\n"
        f"  usb:\n    0x{usb[0]:04x}: 0x{usb[1]:04x}\n"
    )


def _script(loop: str, infer: str) -> str:
    return (
        f"# For the runner's --test_script.\n{MODEL_NAME}:\n  name: keyword_spotting\n  model: {MODEL_NAME}\n"
        f"  truth_file: y_labels.csv\n  script:\n    - {loop}:\n      - download\n      - {infer}\n"
    )
