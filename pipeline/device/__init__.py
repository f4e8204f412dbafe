"""Boards and emulators, the serial link to them, and the test of a model on one."""

from pipeline.device.runner import DeviceResult, LayerTiming, run_test
from pipeline.device.session import Device, open_device

__all__ = ["Device", "DeviceResult", "LayerTiming", "open_device", "run_test"]
