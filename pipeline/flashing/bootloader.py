"""Into a board's bootloader and back, by opening the port at 1200 baud."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

import serial

from pipeline.errors import DeviceError
from pipeline.flashing.ports import PortLister, UsbPort, usb_ports

HINT = (
    "double-tap the board's reset button, so that its LED pulses, and flash again; use a USB cable that carries "
    "data; on Linux your user must be in the group dialout (sudo usermod -aG dialout $USER, then log in again)"
)


def touch(device: str) -> None:
    """Opens a port at 1200 baud with DTR low and closes it: the running program restarts into the bootloader.

    Raises:
        DeviceError: no permission, or another program holds the port.
    """
    try:
        port = serial.Serial(None, 1200, exclusive=True)
        port.port, port.dtr = device, False
        port.open()
    except (serial.SerialException, OSError) as error:
        text = str(error)
        if "ermission" in text:
            raise DeviceError(
                f"no permission to open {device}", "sudo usermod -aG dialout $USER, then log in again"
            ) from None
        if "lock" in text or "busy" in text:
            raise DeviceError(f"another program holds {device}", "close the serial monitor") from None
        return  # it has just disappeared: the wait that follows finds out
    with contextlib.suppress(serial.SerialException, OSError):  # the board may be gone before close returns
        time.sleep(0.05)
        port.close()


@dataclass(frozen=True)
class Patience:
    """Seconds and attempts.

    Attributes:
        appear: wait after each touch for the bootloader, and after flashing for the program.
        settle: a port counts as there once it has been listed that long: its permissions come later than its name.
        attempts: touches before giving up.
    """

    appear: float = 8.0
    settle: float = 0.5
    attempts: int = 3


class Bootloader:
    """Moves boards between program and bootloader.

    Args:
        ports: lists the serial ports.
        touch: see :func:`touch`.
        sleep, now: the clock; tests bring their own.
    """

    def __init__(
        self,
        *,
        ports: PortLister = usb_ports,
        touch: Callable[[str], None] = touch,
        patience: Patience | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ports, self._touch = ports, touch
        self._patience = patience or Patience()
        self._sleep, self._now = sleep, now

    def enter(self, board: UsbPort) -> UsbPort:
        """The port of the board's bootloader, restarting the board into it if needed.

        Raises:
            DeviceError: the bootloader did not appear at the same USB socket.
        """
        for _ in range(self._patience.attempts):
            present = self._find(board, bootloader=True)
            if present is None:
                running = self._find(board, bootloader=False)
                if running is not None:
                    self._touch(running.device)
            found = self._wait(board, bootloader=True)
            if found is not None:
                return found
        raise DeviceError(f"the bootloader of {board} did not appear in {self._patience.attempts} attempts", HINT)

    def wait_for_program(self, board: UsbPort) -> UsbPort:
        """The port of the program that starts after flashing.

        Raises:
            DeviceError: it did not appear at the same USB socket.
        """
        found = self._wait(board, bootloader=False)
        if found is None:
            raise DeviceError(
                f"{board} was flashed, but its serial port did not come back",
                "press reset once; a program built by env nano33 has no USB serial",
            )
        return found

    def _find(self, board: UsbPort, *, bootloader: bool) -> UsbPort | None:
        same = [p for p in self._ports() if p.board and p.is_bootloader == bootloader and p.same_board(board)]
        return same[0] if same else None

    def _wait(self, board: UsbPort, *, bootloader: bool) -> UsbPort | None:
        deadline = self._now() + self._patience.appear
        since: float | None = None
        last: UsbPort | None = None
        while self._now() < deadline:
            found = self._find(board, bootloader=bootloader)
            if found is None or found != last:
                last, since = found, self._now()
            elif since is not None and self._now() - since >= self._patience.settle:
                return found
            self._sleep(0.1)
        return None
