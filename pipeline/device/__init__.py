"""Boards and emulators, the serial link to them, and the test of a model on one."""

from pipeline.device.result import DeviceResult, LayerTime
from pipeline.device.runner import run_test
from pipeline.device.session import Device, open_device

__all__ = ["Device", "DeviceResult", "LayerTime", "open_device", "run_test"]
