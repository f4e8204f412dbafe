"""The same cells on a Ray cluster: several worker processes, one of them killed, the same bits."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from pipeline.experiments.cells import read_answers
from pipeline.experiments.workers import on_processes, on_ray, run_all
from tests.experiments.test_cells import cells_of, place

pytestmark = pytest.mark.slow


@pytest.fixture
def cluster() -> Iterator[None]:
    ray = pytest.importorskip("ray", reason="Ray is not installed: pip install '.[ray]'")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


def _kill_one(killed: list[int]) -> None:
    """Kills the first worker that has been at a cell for a moment."""
    while not killed:
        for process in psutil.process_iter(["cmdline"]):
            if "ray::run_cell" in " ".join(process.info["cmdline"] or ()):
                time.sleep(1)
                process.kill()
                killed.append(process.pid)
                return
        time.sleep(0.1)


@pytest.mark.usefixtures("cluster")
def test_a_killed_worker_of_a_cluster_changes_nothing(whistles: Path, small_recipe: Path, tmp_path: Path):
    cells = cells_of(small_recipe, seeds=(1, 2), qat=(2,))
    killed: list[int] = []
    killer = threading.Thread(target=_kill_one, args=(killed,), daemon=True)
    killer.start()
    far = {done.cell: read_answers(done) for done in run_all(cells, place(whistles, tmp_path / "ray"), on_ray("local"))}
    killer.join()
    here = {done.cell: read_answers(done) for done in run_all(cells, place(whistles, tmp_path), on_processes(1))}
    assert killed
    assert far.keys() == here.keys() == set(cells)
    for cell, answers in far.items():
        for name, logits in answers.conditions.items():
            assert np.array_equal(logits, here[cell].conditions[name]), (cell.title, name)
