"""A USB bus with boards that are not there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pipeline.boards import board
from pipeline.flashing import Bootloader, Patience, UsbPort

USB = board("nano33").usb
assert USB is not None


def nano(
    device: str = "/dev/ttyACM0",
    *,
    location: str | None = "1-1.2",
    serial: str | None = "A1B2",
    bootloader: bool = False,
) -> UsbPort:
    return UsbPort(device, USB.bootloader if bootloader else USB.program, serial, location, "Nano 33 BLE")


@dataclass
class FakeUsb:
    """Ports over a time of its own. A touched board vanishes and comes back as ``becomes`` after ``takes`` seconds."""

    present: list[UsbPort]
    becomes: UsbPort | None = None
    takes: float = 1.5
    deaf_touches: int = 0
    now: float = 0.0
    touched: list[str] = field(default_factory=list)
    arriving: list[tuple[float, UsbPort]] = field(default_factory=list)

    def ports(self) -> list[UsbPort]:
        for when, port in list(self.arriving):
            if when <= self.now:
                self.arriving.remove((when, port))
                self.present.append(port)
        return list(self.present)

    def touch(self, device: str) -> None:
        self.touched.append(device)
        if len(self.touched) <= self.deaf_touches:
            return
        self.present = [port for port in self.present if port.device != device]
        if self.becomes is not None:
            self.arriving.append((self.now + self.takes, self.becomes))

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def loader(self, **patience: float) -> Bootloader:
        return Bootloader(
            ports=self.ports,
            touch=self.touch,
            sleep=self.sleep,
            now=lambda: self.now,
            patience=replace(Patience(), **patience),
        )
