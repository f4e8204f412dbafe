"""Runs the virtual board in a process of its own, so that it computes while the harness does."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.errors import DeviceError
from pipeline.project import PACKAGE

_START_SECONDS = 60.0  # the instruction counter may be compiled first
_ANSWER_SECONDS = 10.0
_STOP_SECONDS = 5.0
_FAULT_HINT = "the first `at` line is where it happened"


class VirtualBoard:
    """A running virtual board.

    Attributes:
        port: path of its serial port, for any program that opens one.
        pid: its process.

    Raises:
        DeviceError: it did not start, or has ended; then the message holds the fault, backtrace and registers.
    """

    def __init__(
        self, image_elf: Path, *, deliver_faults: bool = False, microphone: Path | None = None, hurry: bool = False
    ) -> None:
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-m", "pipeline.emulators.nrf52840", str(image_elf.resolve())]
        command += ["--control", str(theirs.fileno())]
        if deliver_faults:
            command.append("--deliver-faults")
        if microphone is not None:
            command += ["--microphone", str(microphone.resolve())]
        if hurry:
            command.append("--hurry")
        self._process = subprocess.Popen(
            command,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=PACKAGE.parent,
        )
        theirs.close()
        self._control = ours
        self._answers = ours.makefile("r", encoding="utf-8")
        self._lock = threading.Lock()
        self._ended: DeviceError | None = None
        self.pid = self._process.pid
        try:
            self.port = str(self._answer(_START_SECONDS)["port"])
        except BaseException:
            self.stop()
            raise

    def instructions(self) -> int:
        """Instructions executed since power-up."""
        return int(self._ask("status")["instructions"])

    def stack_low_water(self) -> int:
        """Most bytes of stack ever used since the last reset."""
        return int(self._ask("status")["stack"])

    def press_reset(self) -> None:
        """Resets the board as its button does: RAM that start-up does not clear keeps its content."""
        self._ask("reset")

    def failure(self) -> str | None:
        """Why the board ended by itself, with backtrace and registers after a fault; None while it runs."""
        if self._ended is None and self._process.poll() is not None:
            with contextlib.suppress(DeviceError), self._lock:
                self._answer(_ANSWER_SECONDS)
        return self._ended.message if self._ended else None

    def stop(self) -> None:
        """Ends the process; does nothing when it has ended."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._answers.close()
        self._control.close()
        if self._process.stderr:
            self._process.stderr.close()

    def _ask(self, request: str) -> dict[str, Any]:
        if self._ended:
            raise self._ended
        with self._lock:
            with contextlib.suppress(OSError):
                self._control.sendall(request.encode() + b"\n")
            return self._answer(_ANSWER_SECONDS)

    def _answer(self, seconds: float) -> dict[str, Any]:
        self._control.settimeout(seconds)
        try:
            text = self._answers.readline()
        except OSError:
            raise DeviceError(
                f"the virtual board did not answer within {seconds:.0f} s", "is the machine overloaded?"
            ) from None
        answer: dict[str, Any] = json.loads(text) if text else {"error": self._last_words()}
        if "fault" in answer:
            self._ended = DeviceError(f"the virtual board stopped: {answer['fault']}", _FAULT_HINT)
        elif "error" in answer:
            self._ended = DeviceError(f"the virtual board ended: {answer['error']}", str(answer.get("hint", "")))
        if self._ended:
            raise self._ended
        return answer

    def _last_words(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            status = self._process.wait(_STOP_SECONDS)
            tail = self._process.stderr.read().decode(errors="replace").strip()[-2000:] if self._process.stderr else ""
            return f"exit status {status}\n{tail}".strip()
        return "its control line broke"


@contextlib.contextmanager
def start(
    image_elf: Path, *, deliver_faults: bool = False, microphone: Path | None = None, hurry: bool = False
) -> Iterator[VirtualBoard]:
    """Runs an image on a virtual board for the length of a ``with`` block.

    Args:
        image_elf: the ELF that the real board would run.
        deliver_faults: let the firmware's fault handler run, instead of ending with a backtrace.
        microphone: what it hears: a file of raw 16-bit little-endian mono samples at 16 kHz, played whenever the
            firmware starts to listen. None: there is no microphone.
        hurry: while it hears, let time asleep pass at once.

    Raises:
        DeviceError: the board did not start, or the firmware faulted; a fault replaces the error of the block, which is
            only its consequence.
    """
    board = VirtualBoard(image_elf, deliver_faults=deliver_faults, microphone=microphone, hurry=hurry)
    try:
        yield board
    except DeviceError as error:
        reason = board.failure()
        if reason is None or reason in error.message:
            raise
        raise DeviceError(reason, _FAULT_HINT) from error
    finally:
        board.stop()
