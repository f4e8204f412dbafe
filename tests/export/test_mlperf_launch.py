"""``launch.py``: a runner that only knows USB ports gets any port, and is run as it is. The runner here is a fake that
finds and opens ports as the real one does."""

from __future__ import annotations

import os
import pty
import socket
import subprocess
import sys
import threading
import tty
from pathlib import Path

import numpy as np
import pytest

from pipeline.export import write_runner_files
from pipeline.export.mlperf_launch import REQUIREMENTS

RUNNER = """
import argparse, sys
from device_manager import find
parser = argparse.ArgumentParser()
for option in ("--mode", "--dataset_path", "--device_list", "--test_script"):
    parser.add_argument(option, required=True)
args = parser.parse_args()
if __name__ == "__main__":
    print(args.mode, args.dataset_path, args.test_script)
    print(find(args.device_list))
"""
MANAGER = """
import yaml, serial
from serial.tools import list_ports

def find(devices):
    (device,) = yaml.safe_load(open(devices))
    for port in [p for p in list_ports.comports(True) if p.vid]:
        for vid, pid in device["usb"].items():
            if (vid, pid) == (port.vid, port.pid):
                with serial.Serial(port.device, device["baud"]["performance"], timeout=5) as link:
                    link.write(b"name%")
                    return link.read_until(b"m-ready")
    raise RuntimeError("No interface or DUT detected.")
"""
"""The real runner's way, in short."""


@pytest.fixture
def runner(tmp_path: Path) -> Path:
    folder = tmp_path / "runner"
    folder.mkdir()
    (folder / "main.py").write_text(RUNNER)
    (folder / "device_manager.py").write_text(MANAGER)
    for module in ("sklearn", "usb"):  # the real one imports them
        (folder / f"{module}.py").touch()
    return folder


def launch(tmp_path: Path, *arguments: object, extra: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    files = write_runner_files(
        np.zeros((3, 8), np.int8), np.array([0, 1, 2]), 3, tmp_path / "files", microseconds_per_inference=2500
    )
    return subprocess.run(
        [sys.executable, files.launcher, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False,
        cwd=tmp_path, env={"PYTHONPATH": os.pathsep.join(extra)},
    )  # fmt: skip


ANSWER = b"m-name-dut-[dynq]\r\nm-ready\r\n"


def test_a_socket_is_found_and_opened(tmp_path: Path, runner: Path):
    server = socket.create_server(("127.0.0.1", 0))

    def device() -> None:
        link = server.accept()[0]
        link.sendall(b"m-init-done\r\nm-ready\r\n")  # the banner is not the answer
        if link.recv(5, socket.MSG_WAITALL) == b"name%":
            link.sendall(ANSWER)

    threading.Thread(target=device, daemon=True).start()
    port = f"socket://127.0.0.1:{server.getsockname()[1]}"
    done = launch(tmp_path, runner, port, "accuracy", extra=(str(runner),))
    assert done.returncode == 0, done.stderr
    assert "m-name-dut-[dynq]" in done.stdout
    files = tmp_path / "files"
    assert f"a {files / 'datasets'} {files / 'tests_accuracy.yaml'}" in done.stdout


def test_a_port_without_usb_ids_is_found_and_opened(tmp_path: Path, runner: Path):
    board, port = pty.openpty()
    tty.setraw(board)

    def device() -> None:
        if os.read(board, 5) == b"name%":
            os.write(board, ANSWER)

    threading.Thread(target=device, daemon=True).start()
    done = launch(tmp_path, runner, os.ttyname(port), "performance", extra=(str(runner),))
    assert done.returncode == 0, done.stderr
    assert "m-name-dut-[dynq]" in done.stdout
    assert "tests_performance.yaml" in done.stdout
    os.close(port)


def test_what_is_missing_is_named(tmp_path: Path, runner: Path):
    done = launch(tmp_path, tmp_path / "absent", "/dev/absent", "accuracy", extra=(str(runner),))
    assert done.returncode == 2
    assert "benchmark/runner" in done.stderr
    (runner / "sklearn.py").unlink()
    done = launch(tmp_path, runner, "/dev/absent", "accuracy", extra=(str(runner),))
    if done.returncode == 2:  # unless scikit-learn is there
        assert "pip install scikit-learn" in done.stderr
    assert (tmp_path / "files" / "requirements.txt").read_text().split() == list(REQUIREMENTS.values())
