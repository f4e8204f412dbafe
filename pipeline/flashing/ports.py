"""USB serial ports, and which of them is the board that was meant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from serial.tools import list_ports

from pipeline.boards import BOARDS, Board
from pipeline.errors import DeviceError


@dataclass(frozen=True)
class UsbPort:
    """One serial port.

    Attributes:
        device: what to open, as ``/dev/ttyACM0``. It may change whenever the board restarts.
        usb: USB vendor and product, None for other ports.
        serial: USB serial number.
        location: the USB socket, as ``1-1.2``; stays the same while the board stays plugged in.
    """

    device: str
    usb: tuple[int, int] | None = None
    serial: str | None = None
    location: str | None = None
    product: str = ""

    @property
    def board(self) -> Board | None:
        """The board whose own USB socket this is; None for adapters and other devices."""
        return next((b for b in BOARDS.values() if b.usb and self.usb in (b.usb.program, b.usb.bootloader)), None)

    @property
    def is_bootloader(self) -> bool:
        """Whether the board is in its bootloader."""
        return any(b.usb and self.usb == b.usb.bootloader for b in BOARDS.values())

    def same_board(self, other: UsbPort) -> bool:
        """Whether both are the same board: by socket, else by serial number."""
        if self.location and other.location:
            return self.location == other.location
        return bool(self.serial) and self.serial == other.serial

    def __str__(self) -> str:
        names = [
            self.product,
            f"serial {self.serial}" if self.serial else "",
            f"at {self.location}" if self.location else "",
        ]
        text = ", ".join(name for name in names if name)
        return f"{self.device} ({text})" if text else self.device


PortLister = Callable[[], Sequence[UsbPort]]


def usb_ports() -> list[UsbPort]:
    """The serial ports of this machine."""
    found = []
    for port in list_ports.comports():
        usb = (port.vid, port.pid) if port.vid is not None and port.pid is not None else None
        location = port.location.partition(":")[0] if port.location else None  # without the interface, ":1.0"
        found.append(UsbPort(port.device, usb, port.serial_number, location, port.product or ""))
    return found


def find_board(ports: Sequence[UsbPort], *, port: str | None = None, usb_serial: str | None = None) -> UsbPort:
    """The board that was named, or the only one with a USB socket of its own.

    Raises:
        DeviceError: there is none of that name, or several and no name was given.
    """
    listed = "; ".join(map(str, ports)) or "none"
    if usb_serial is not None:
        matches = [p for p in ports if p.serial and p.serial.lower() == usb_serial.lower()]
        wanted = f"USB serial number {usb_serial}"
    elif port is not None:
        matches = [p for p in ports if p.device == port]
        wanted = port
    else:
        matches = [p for p in ports if p.board]
        wanted = f"a USB socket of its own ({', '.join(b.title for b in BOARDS.values() if b.usb)})"
    if not matches:
        raise DeviceError(f"no board with {wanted}; ports: {listed}", "check the cable: some carry power only")
    if len(matches) > 1:
        raise DeviceError(
            f"{len(matches)} boards match: {'; '.join(map(str, matches))}",
            "name one by --port or by its USB serial number",
        )
    return matches[0]
