"""Writing firmware to real boards: over USB through the bootloader, or through a debug probe."""

from pipeline.flashing.bootloader import Bootloader, Patience, touch
from pipeline.flashing.ports import UsbPort, find_board, usb_ports
from pipeline.flashing.tools import bossac, flash_swd, flash_usb, flat_image

__all__ = [
    "Bootloader",
    "Patience",
    "UsbPort",
    "bossac",
    "find_board",
    "flash_swd",
    "flash_usb",
    "flat_image",
    "touch",
    "usb_ports",
]
