"""Thousands of tests over faulty ports: each must end in time, with the right results or with a message."""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, replace
from multiprocessing import get_context
from pathlib import Path

from lab.faults.exercise import exercise
from lab.faults.journals import MISHAPS
from lab.faults.kinds import Scenario, kinds_for, scenario
from lab.faults.outcome import (
    COMPLETED,
    CRASHED,
    LIMIT_SECONDS,
    STOPPED,
    WRONG,
    Outcome,
    failures,
)
from lab.faults.subject import Firmware
from lab.faults.wire import wired
from pipeline.device.runner import run_test
from pipeline.device.session import open_device
from pipeline.errors import KwsError, ParityError
from pipeline.journal import Journal
from pipeline.layers import logits as reference_logits
from pipeline.progress import SILENT, Progress

_WATCHDOG_SECONDS = 50.0
"""A fifth of the time in which the watchdog's 6 s of instructions have passed, on a busy machine too."""


def run_once(firmware: Firmware, kind: str, seed: int, folder: Path) -> Outcome:
    """One test over one faulty port, and after a stop its rerun over a good one."""
    faults = scenario(kind, seed)
    port = folder / f"{kind}-{seed}"
    journal = port.with_suffix(".journal")
    if faults.journal is not None:
        MISHAPS[faults.journal](journal, firmware, random.Random(seed))
    started = time.monotonic()
    end, message, retries = _attempt(firmware, faults, seed, port, journal)
    seconds = time.monotonic() - started
    if end == COMPLETED and not faults.may_complete and _must_stop_at_once(faults):
        end, message = WRONG, "completed although it had to stop"
    if end == STOPPED and faults.hangs:
        end, message = WRONG, f"no watchdog ended the hang: {message}"
    rerun, resumed = None, 0
    if end == STOPPED:
        again, why, resumed = _attempt(firmware, Scenario(), seed, port, journal, count_resumed=True)
        rerun = again == COMPLETED
        message = message if rerun else f"{message}; the rerun {again}: {why}"
    journal.unlink(missing_ok=True)
    return Outcome(firmware.target, kind, seed, end, message, seconds, retries, resumed, rerun)


def _must_stop_at_once(faults: Scenario) -> bool:
    return any(event.after < 0 for event in faults.events)


def _attempt(
    firmware: Firmware, faults: Scenario, seed: int, port: Path, journal: Path, *, count_resumed: bool = False
) -> tuple[str, str, int]:
    """End, message, and retries or resumed results."""
    image, timing = firmware.image, firmware.timing
    if faults.hangs:
        assert firmware.hanging is not None
        image, timing = firmware.hanging, replace(timing, answer=_WATCHDOG_SECONDS, resynchronise=_WATCHDOG_SECONDS)
    with wired(port, image, firmware.stale, faults, seed) as wire:
        try:
            with (
                _occupied(port, faults),
                open_device(firmware.target, image, port=str(port), timing=timing) as device,
            ):
                time.sleep(faults.silence)
                result = run_test(device, firmware.model, firmware.features, resume=journal)
                exercise(device.client, firmware, seed)
                cause = device.client.build().reset
            differing = result.differing_logits(reference_logits(firmware.model, firmware.features))
            number = result.resumed if count_resumed else device.client.retries
            if differing:
                answer = (WRONG, f"{differing} logits differ", number)
            elif cause != device.build.reset and not faults.restarts:
                answer = (WRONG, f"the device started again by itself: {cause}", number)
            else:
                answer = (COMPLETED, "", number)
        except ParityError as error:
            answer = (WRONG, str(error), 0)
        except KwsError as error:
            answer = (STOPPED, error.message, 0)
        except Exception:
            answer = (CRASHED, traceback.format_exc(), 0)
    return (CRASHED, "the device's program crashed", 0) if wire.crashes else answer


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
    kinds: Sequence[str] | None = None,
    seed: int = 1,
    workers: int = 12,
    log: Path | None = None,
    progress: Progress = SILENT,
) -> list[Outcome]:
    """At least ``runs`` runs, spread evenly over the kinds of fault. They mostly wait, so many go at once.

    Args:
        kinds: of fault; all that the target can have where none are named.
        seed: of the first run of each kind; the next ones count up.
        log: file of outcomes as they come in; a campaign that was interrupted goes on from there.

    Raises:
        TimeoutError: a run hangs.
    """
    kinds = kinds_for(firmware.target) if kinds is None else kinds
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
            for job in as_completed(jobs, timeout=(len(left) / workers + 1) * 2 * LIMIT_SECONDS[firmware.target]):
                found = job.result()
                outcomes[found.kind, found.seed] = found
                journal.add(asdict(found))
                task.advance(1, f"{len(failures(list(outcomes.values())))} failed")
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        return [outcomes[key] for key in wanted]
