"""Boards and emulators, the serial link to them, and the test of a model on one."""

from pipeline.device.runner import DeviceResult, LayerTiming, run_test
from pipeline.device.session import Device, open_device
from pipeline.targets import TARGETS, Board, board

__all__ = ["TARGETS", "Board", "Device", "DeviceResult", "LayerTiming", "board", "open_device", "run_test"]
