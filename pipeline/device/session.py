"""A device that is on, connected and known to run the image it should."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipeline.device.client import BuildInfo, Client
from pipeline.device.link import BAUD, DEFAULT_TIMING, Link, LinkClosed, NoAnswer, Timing
from pipeline.emulators import host, qemu
from pipeline.errors import DeviceError
from pipeline.firmware import FirmwareImage
from pipeline.targets import Board, board


class Machine(Protocol):
    """What stands behind an emulated device's port."""

    @property
    def port(self) -> str: ...

    def failure(self) -> str | None: ...


@dataclass(frozen=True)
class Device:
    """An open device.

    Attributes:
        machine: the emulator behind the port; None for a real board.
    """

    board: Board
    image: FirmwareImage
    client: Client
    build: BuildInfo
    machine: Machine | None


@contextmanager
def open_device(
    target: str,
    image: FirmwareImage,
    *,
    port: str | None = None,
    baud: int = BAUD,
    timing: Timing = DEFAULT_TIMING,
) -> Iterator[Device]:
    """Starts the target's emulator on ``image``, or opens the real board's ``port``, and checks which firmware answers.

    Raises:
        ToolchainError: the emulator is not installed.
        DeviceError: no answer, or another firmware's.
    """
    chosen = board(target)
    with ExitStack() as stack:
        machine = stack.enter_context(start_machine(chosen, image.elf)) if port is None else None
        if machine is not None:
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
        yield Device(chosen, image, client, build, machine)


def start_machine(chosen: Board, elf: Path) -> AbstractContextManager[Machine]:
    """Starts the emulator of a target on an image; its serial port is the machine's ``port``.

    Raises:
        ToolchainError: the emulator is not installed.
    """
    log = elf.with_suffix(".log")
    if chosen.machine is not None:
        return qemu.start(chosen, elf, log)
    if chosen.cpu == "host":
        return host.start(elf, log)
    from pipeline.emulators import nrf52840  # needs the Unicorn CPU emulator, which the other targets do not

    virtual: AbstractContextManager[Machine] = nrf52840.start(elf)
    return virtual


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
