"""A device that is on, connected and known to run the image it should."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from pipeline.boards import Board, TimeUnit, board
from pipeline.device.client import Client
from pipeline.device.link import DEFAULT_TIMING, Link, LinkClosed, NoAnswer, Timing
from pipeline.emulators import EMULATORS, Machine, start_hearing
from pipeline.errors import DeviceError
from pipeline.firmware import FirmwareImage
from pipeline.protocol.declared import BAUD, BuildInfo


@dataclass(frozen=True)
class Device:
    """An open device.

    Attributes:
        machine: the emulator that was started for it; None where a port was given.
        unit: what its ticks are.
    """

    board: Board
    image: FirmwareImage
    client: Client
    build: BuildInfo
    machine: Machine | None
    unit: TimeUnit


@contextmanager
def open_device(
    target: str,
    image: FirmwareImage,
    *,
    port: str | None = None,
    baud: int = BAUD,
    timing: Timing = DEFAULT_TIMING,
    sound: Path | None = None,
) -> Iterator[Device]:
    """Starts the target's emulator on ``image``, or opens the real board's ``port``, and checks which firmware answers.

    Args:
        sound: raw 16-bit mono samples at 16 kHz for the emulated board's microphone to hear, as fast as possible.

    Raises:
        UsageError: the board has no microphone to hear ``sound`` with.
        ToolchainError: the emulator is not installed.
        DeviceError: no answer, or another firmware's.
    """
    chosen = board(target)
    with ExitStack() as stack:
        machine = None
        if port is None:
            machine = stack.enter_context(
                EMULATORS[chosen.emulator].start(chosen, image.elf)
                if sound is None
                else start_hearing(chosen, image.elf, sound, hurry=True)
            )
            link = Link(machine.port, failure=machine.failure, timing=timing)
        else:
            link = Link(str(port), baud=baud, timing=timing)
        stack.enter_context(link)
        client = Client(link)
        _greet(link)
        build = client.build()
        if build.build != image.build_hash:
            raise DeviceError(
                f"the device runs build {build.build}, this test is for {image.build_hash}",
                "flash the new image (--flash) and try again",
            )
        yield Device(chosen, image, client, build, machine, _unit(chosen, port, build.tick_hz))


def _unit(chosen: Board, port: str | None, tick_hz: int) -> TimeUnit:
    """What counts the ticks: a chip its cycles; an emulator, which may be behind a port too, what it counts."""
    emulated = port is None or os.path.realpath(port).startswith("/dev/pts/")
    if emulated or chosen.clock_hz is None:
        return EMULATORS[chosen.emulator].unit(tick_hz)
    return TimeUnit("cycles", Fraction(chosen.clock_hz, tick_hz))


def _greet(link: Link) -> None:
    """Waits for the boot banner where booting waits for us (a socket); elsewhere the device may have booted before."""
    if "://" in link.url:
        with suppress(NoAnswer):
            link.expect_ready(link.timing.banner)
            return
    try:
        link.resynchronise(link.timing.banner)
    except LinkClosed:  # some boards restart when their port is opened
        link.reopen()
        link.resynchronise(link.timing.banner)
