"""Where cells run: processes of this machine, or a Ray cluster. Either way a worker that dies costs only its cell's
unfinished stage."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from pipeline.errors import ExperimentError, ToolchainError
from pipeline.experiments.cells import Done, Place, run_cell
from pipeline.experiments.spec import FLOAT, Cell

_DEATHS = 3
"""Times that a worker may die in a row with nothing finished between."""

Runner = Callable[[Sequence[Cell], Place], Iterator[Done]]
"""Runs cells at once, and yields each as it ends; those that depend on others come later."""


def run_all(cells: Sequence[Cell], place: Place, runner: Runner) -> Iterator[Done]:
    """Runs every cell, float twins first: all other weights begin with theirs."""
    for first in (True, False):
        yield from runner([cell for cell in cells if (cell.weights == FLOAT) is first], place)


def on_processes(workers: int) -> Runner:
    """Runs in so many processes of this machine."""

    def run(cells: Sequence[Cell], place: Place) -> Iterator[Done]:
        left, deaths = list(cells), 0
        while left:
            try:
                for done in _pooled(left, place, workers):
                    left.remove(done.cell)
                    deaths = 0
                    yield done
            except BrokenProcessPool:
                deaths += 1
                if deaths == _DEATHS:
                    raise ExperimentError(
                        f"workers were killed {deaths} times in a row, {len(left)} cells are left",
                        "most likely memory ran out: try fewer --workers; the same command goes on",
                    ) from None

    return run


def _pooled(cells: Sequence[Cell], place: Place, workers: int) -> Iterator[Done]:
    # fresh processes: TensorFlow's threads do not survive a fork
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, len(cells)), context, _die_quietly)
    try:
        for future in as_completed([pool.submit(run_cell, cell, place) for cell in cells]):
            yield future.result()
    except BaseException:
        for process in multiprocessing.active_children():
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _die_quietly() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def on_ray(address: str) -> Runner:
    """Runs on a Ray cluster, one core a cell, whose machines see the same folders under the same names.

    Args:
        address: as ``ray.init`` takes it: ``HOST:PORT``, ``auto`` for one that runs here, ``local`` for a new one.

    Raises:
        ToolchainError: Ray is not installed, or there is no cluster.
    """
    try:
        import ray
    except ModuleNotFoundError:
        raise ToolchainError("Ray is not installed", "pip install 'dynq[ray]'") from None
    if not ray.is_initialized():
        try:
            ray.init(address=address, log_to_driver=False, logging_level="ERROR")
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise ToolchainError(f"no Ray cluster at {address}: {error}", "ray start --head, or --ray local") from None

    def run(cells: Sequence[Cell], place: Place) -> Iterator[Done]:
        task: Any = ray.remote(num_cpus=1, max_retries=_DEATHS)(run_cell)
        running = [task.remote(cell, place) for cell in cells]
        try:
            while running:
                (ended,), running = ray.wait(running, num_returns=1)
                yield ray.get(ended)
        except ray.exceptions.RayTaskError as error:
            raise error.cause from None
        except ray.exceptions.WorkerCrashedError:
            raise ExperimentError(
                f"workers were killed {_DEATHS + 1} times in a row", "most likely memory ran out on one of the machines"
            ) from None
        finally:
            for reference in running:
                ray.cancel(reference)

    return run
