"""Thousands of tests over faulty ports: each must end in time, with the right results or with a message."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lab.faults.by_hand import load_hex
from lab.faults.kinds import KINDS, Scenario, scenario, without_faults
from lab.faults.outcome import (
    COMPLETED,
    CRASHED,
    LIMIT_SECONDS,
    STOPPED,
    WRONG,
    Outcome,
    failures,
)
from lab.faults.wire import wired
from pipeline.device.client import Refused
from pipeline.device.link import Timing
from pipeline.device.runner import run_test
from pipeline.device.session import Device, open_device
from pipeline.errors import KwsError, ParityError
from pipeline.firmware import FirmwareImage
from pipeline.journal import Journal
from pipeline.layers import QuantizedModel, layer_outputs
from pipeline.layers import logits as reference_logits
from pipeline.progress import SILENT, Progress

TIMING = Timing(answer=0.3, resynchronise=0.4, prod=0.1, quiet=0.03, reopen=0.6, banner=1.5)
"""A pty answers within a millisecond; a twentieth of the patience that a real board needs keeps a campaign short."""


@dataclass(frozen=True)
class Firmware:
    """What the runs test: an image of the target "host", another build of it, their model, and the test's inputs.

    Attributes:
        features: int8 ``[B, K]``.
    """

    image: FirmwareImage
    stale: FirmwareImage
    model: QuantizedModel
    features: NDArray[np.int8]


def run_once(firmware: Firmware, kind: str, seed: int, folder: Path) -> Outcome:
    """One test over one faulty port, and after a stop its rerun over a good one."""
    faults = scenario(kind, seed)
    journal = folder / f"{kind}-{seed}.journal"
    started = time.monotonic()
    end, message, retries = _attempt(firmware, faults, seed, folder / f"{kind}-{seed}", journal)
    seconds = time.monotonic() - started
    if end == COMPLETED and not faults.may_complete and _must_stop_at_once(faults):
        end, message = WRONG, "completed although it had to stop"
    rerun, resumed = None, 0
    if end == STOPPED:
        again, why, resumed = _attempt(
            firmware, without_faults(faults), seed, folder / f"{kind}-{seed}-again", journal, count_resumed=True
        )
        rerun = again == COMPLETED
        message = message if rerun else f"{message}; the rerun {again}: {why}"
    journal.unlink(missing_ok=True)
    return Outcome(kind, seed, end, message, seconds, retries, resumed, rerun)


def _must_stop_at_once(faults: Scenario) -> bool:
    return any(event.after < 0 for event in faults.events)


def _attempt(
    firmware: Firmware, faults: Scenario, seed: int, port: Path, journal: Path, *, count_resumed: bool = False
) -> tuple[str, str, int]:
    """End, message, and retries or resumed results."""
    with wired(port, firmware.image.elf, firmware.stale.elf, faults, seed) as wire:
        try:
            with _occupied(port, faults), open_device("host", firmware.image, port=str(port), timing=TIMING) as device:
                result = run_test(device, firmware.model, firmware.features, resume=journal)
                _explore(device, firmware, seed)
            differing = result.differing_logits(reference_logits(firmware.model, firmware.features))
            number = result.resumed if count_resumed else device.client.retries
            answer = (WRONG, f"{differing} logits differ", number) if differing else (COMPLETED, "", number)
        except ParityError as error:
            answer = (WRONG, str(error), 0)
        except KwsError as error:
            answer = (STOPPED, error.message, 0)
        except Exception:
            answer = (CRASHED, traceback.format_exc(), 0)
    return (CRASHED, "the device's program crashed", 0) if wire.crashes else answer


def _explore(device: Device, firmware: Firmware, seed: int) -> None:
    """The commands that `run_test` does not use: the runner's way to load, and a layer's outputs."""
    row = firmware.features[seed % len(firmware.features)]
    expected = layer_outputs(firmware.model, row)
    for attempt in range(5):  # a device that resets has forgotten its input
        try:
            load_hex(device.client, row)
            pairs = ((device.client.logits(row).logits, expected[-1]), (device.client.dump(0, row), expected[0]))
            break
        except Refused:
            if attempt == 4:
                raise
    if any(got.tobytes() != want.tobytes() for got, want in pairs):
        raise ParityError("other bits than the reference")


@contextlib.contextmanager
def _occupied(port: Path, faults: Scenario) -> Iterator[None]:
    """Holds the port as another program would, where the scenario says so."""
    if not any(event.action == "occupy" for event in faults.events):
        yield
        return
    other = os.open(port, os.O_RDWR | os.O_NOCTTY)
    try:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(other)


def campaign(
    firmware: Firmware,
    runs: int,
    *,
    kinds: Sequence[str] = tuple(KINDS),
    seed: int = 1,
    workers: int = 12,
    log: Path | None = None,
    progress: Progress = SILENT,
) -> list[Outcome]:
    """At least ``runs`` runs, spread evenly over the kinds of fault. They mostly wait, so many go at once.

    Args:
        seed: of the first run of each kind; the next ones count up.
        log: file of outcomes as they come in; a campaign that was interrupted goes on from there.

    Raises:
        TimeoutError: a run hangs.
    """
    wanted = [(kind, seed + index) for index in range(-(-runs // len(kinds))) for kind in kinds]
    with (
        Journal(log, firmware.image.build_hash) as journal,
        progress.task("Fault campaign", len(wanted)) as task,
        tempfile.TemporaryDirectory(prefix="kws-faults-") as name,
    ):
        outcomes = {(found.kind, found.seed): found for found in (Outcome(**value) for value in journal.values)}
        left = [key for key in wanted if key not in outcomes]
        task.advance(len(wanted) - len(left))
        pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
        try:
            jobs = [pool.submit(run_once, firmware, kind, number, Path(name)) for kind, number in left]
            for job in as_completed(jobs, timeout=(len(left) / workers + 1) * 2 * LIMIT_SECONDS):
                found = job.result()
                outcomes[found.kind, found.seed] = found
                journal.add(asdict(found))
                task.advance(1, f"{len(failures(list(outcomes.values())))} failed")
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        return [outcomes[key] for key in wanted]
