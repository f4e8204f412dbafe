"""A virtual Arduino Nano 33 BLE: runs the image that the real one runs, behind a pty like a real board's port."""

from pipeline.emulators.nrf52840.process import VirtualBoard, start
from pipeline.emulators.nrf52840.timers import unit

__all__ = ["VirtualBoard", "start", "unit"]
