"""``python -m pipeline.emulators.nrf52840 firmware.elf`` runs an image until Ctrl-C and prints its serial port."""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import signal
import socket
import sys
import threading
from pathlib import Path

import numpy as np

from pipeline.emulators.nrf52840.fault import FaultError
from pipeline.emulators.nrf52840.lines import PseudoTerminal
from pipeline.emulators.nrf52840.machine import Machine
from pipeline.emulators.nrf52840.pdm import Microphone, Samples
from pipeline.emulators.nrf52840.symbols import Image
from pipeline.errors import DeviceError, KwsError

FAULT_STATUS = 3
_PR_SET_PDEATHSIG = 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m pipeline.emulators.nrf52840", description=__doc__)
    parser.add_argument("image", type=Path, help="firmware .elf, built for nano33")
    parser.add_argument(
        "--deliver-faults",
        action="store_true",
        help="let the firmware handle its faults, as a chip does, instead of ending with a backtrace",
    )
    parser.add_argument(
        "--microphone", type=Path, metavar="FILE", help="raw 16-bit mono samples at 16 kHz for its microphone to hear"
    )
    parser.add_argument("--hurry", action="store_true", help="hear them as fast as the computer can")
    parser.add_argument("--control", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    control = socket.socket(fileno=options.control) if options.control is not None else None
    try:
        return _serve(options, control)
    except KwsError as error:
        _tell(control, {"error": error.message, "hint": error.hint})
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code


def _serve(options: argparse.Namespace, control: socket.socket | None) -> int:
    line = PseudoTerminal()
    microphone = None if options.microphone is None else Microphone(_recording(options.microphone))
    machine = Machine(
        Image(options.image), line, deliver_faults=options.deliver_faults, microphone=microphone, hurry=options.hurry
    )

    def stop(*_: object) -> None:
        machine.stop()
        line.wake()

    signal.signal(signal.SIGTERM, stop)
    if control is None:
        signal.signal(signal.SIGINT, stop)
        print(
            f"virtual nRF52840 on {line.path}\n  pio device monitor --port {line.path} --baud 115200\nCtrl-C stops it",
            flush=True,
        )
    else:  # the parent decides: Ctrl-C in a terminal reaches this process too
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        _tell(control, {"port": line.path})
        threading.Thread(target=_answer, args=(control, machine, line, stop), daemon=True).start()
    try:
        machine.run()
    except FaultError as error:
        _tell(control, {"fault": str(error)})
        print(error, file=sys.stderr)
        return FAULT_STATUS
    return 0


def _recording(path: Path) -> Samples:
    """A file of raw samples, without reading it all."""
    try:
        size = path.stat().st_size // 2
        return np.memmap(path, "<i2", "r", shape=(size,)) if size else np.zeros(0, np.int16)
    except OSError as error:
        raise DeviceError(f"cannot read {path}: {error.strerror}", "name a file of raw 16-bit samples") from None


def _answer(control: socket.socket, machine: Machine, line: PseudoTerminal, stop: object) -> None:
    """Serves the parent's requests, one word a line; its end ends the board."""
    with control.makefile("r", encoding="ascii") as requests:
        for request in requests:
            if request == "reset\n":
                machine.press_reset()
                line.wake()
            _tell(control, {"instructions": machine.instructions, "stack": machine.stack_low_water()})
    if callable(stop):
        stop()


def _tell(control: socket.socket | None, message: dict[str, object]) -> None:
    if control is not None:
        with contextlib.suppress(OSError):
            control.sendall(json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # a thread may still wait for its parent
