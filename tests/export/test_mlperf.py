from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import yaml

from pipeline.errors import UsageError
from pipeline.export import write_runner_files

FEATURES = np.random.default_rng(0).integers(-128, 128, (5, 80)).astype(np.int8)
LABELS = np.array([0, 4, 1, 3, 2])


def test_the_runner_finds_samples_and_classes(tmp_path: Path) -> None:
    files = write_runner_files(FEATURES, LABELS, 5, tmp_path, microseconds_per_inference=2500)
    folder = files.dataset_path / "kws01"
    with (folder / "y_labels.csv").open(newline="") as file:  # read as the runner reads it
        rows = list(csv.DictReader(file, fieldnames=["file", "classes", "class", "bytes_to_send", "stride"]))
    assert [int(row["class"]) for row in rows] == LABELS.tolist()
    assert {row["classes"] for row in rows} == {"5"}
    for row, features in zip(rows, FEATURES, strict=True):
        assert (folder / row["file"]).read_bytes() == features.tobytes()
    assert files.samples == 5


def test_devices_and_scripts(tmp_path: Path) -> None:
    files = write_runner_files(FEATURES, LABELS, 5, tmp_path, microseconds_per_inference=2500, usb=(0x2341, 0x005A))
    (device,) = yaml.safe_load(files.device_list.read_text())
    assert device == {
        "name": "dynq",
        "type": "dut",
        "baud": {"performance": 115200, "accuracy": 115200},
        "usb": {0x2341: 0x005A},
    }
    accuracy = yaml.safe_load(files.accuracy_script.read_text())["kws01"]
    assert accuracy["truth_file"] == "y_labels.csv"
    assert accuracy["script"] == [{"loop": ["download", "infer 1 0"]}]
    performance = yaml.safe_load(files.performance_script.read_text())["kws01"]
    assert performance["script"] == [{"loop 5": ["download", f"infer {files.inferences_per_window} 10"]}]


@pytest.mark.parametrize("microseconds", [50, 2500, 150_000, 900_000])
def test_a_window_lasts_ten_seconds_and_is_answered_in_time(tmp_path: Path, microseconds: float) -> None:
    files = write_runner_files(FEATURES, LABELS, 5, tmp_path, microseconds_per_inference=microseconds)
    assert files.inferences_per_window * microseconds >= 10e6
    assert (files.inferences_per_window + 10) * microseconds < 30e6


def test_what_the_runner_could_not_use_is_refused(tmp_path: Path) -> None:
    for features, labels, classes, microseconds in (
        (FEATURES, LABELS[:3], 5, 100),
        (FEATURES, LABELS, 4, 100),
        (FEATURES[:0], LABELS[:0], 5, 100),
        (FEATURES.astype(np.float32), LABELS, 5, 100),
        (FEATURES, LABELS, 5, 0),
        (FEATURES, LABELS, 5, 5e6),
    ):
        with pytest.raises(UsageError):
            write_runner_files(features, labels, classes, tmp_path, microseconds_per_inference=microseconds)
    assert not list(tmp_path.iterdir())
