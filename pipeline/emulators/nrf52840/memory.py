"""Flash and RAM of an nRF52840, in a Unicorn engine."""

from __future__ import annotations

import ctypes
import random
from collections.abc import Callable, Iterable
from typing import Any

import unicorn
from unicorn.unicorn_py3.unicorn import UcError

from pipeline.emulators.nrf52840.peripherals import DmaFault

FLASH_BYTES = 0x100000
RAM_BASE, RAM_BYTES = 0x20000000, 0x40000
PAGE = 0x1000


class Memory:
    """Both memories, flash erased but for an image, RAM with what it has at power-up: anything, the same in every run.

    Args:
        segments: the image's, each an address and its bytes.
        flash_changed: called after flash may have other content than before.
    """

    def __init__(self, engine: Any, segments: Iterable[tuple[int, bytes]], flash_changed: Callable[[], None]) -> None:
        self._engine = engine
        self._flash_changed = flash_changed
        engine.mem_map(0, FLASH_BYTES, unicorn.UC_PROT_READ | unicorn.UC_PROT_EXEC)
        engine.mem_write(0, b"\xff" * FLASH_BYTES)
        self._ram = ctypes.create_string_buffer(random.Random(0).randbytes(RAM_BYTES), RAM_BYTES)
        engine.mem_map_ptr(RAM_BASE, RAM_BYTES, unicorn.UC_PROT_ALL, ctypes.addressof(self._ram))
        for address, data in segments:
            engine.mem_write(address, data)

    def word(self, address: int) -> int:
        """The 32 bits at an address; 0 where nothing is."""
        try:
            return int.from_bytes(self._engine.mem_read(address, 4), "little")
        except UcError:
            return 0

    def write_ram(self, address: int, data: bytes) -> None:
        """Writes as EasyDMA does, which reaches RAM alone; DmaFault elsewhere."""
        start = address - RAM_BASE
        if not 0 <= start <= RAM_BYTES - len(data):
            raise DmaFault(f"EasyDMA to 0x{address:08x}, which is not RAM")
        ctypes.memmove(ctypes.addressof(self._ram) + start, data, len(data))

    def enable_flash_writes(self, enabled: bool) -> None:
        """Whether the program may write to flash; else that faults."""
        allowed = unicorn.UC_PROT_READ | unicorn.UC_PROT_EXEC | (unicorn.UC_PROT_WRITE if enabled else 0)
        self._engine.mem_protect(0, FLASH_BYTES, allowed)
        self._flash_changed()

    def erase_page(self, address: int) -> None:
        """Erases the page of flash that an address lies in."""
        self._engine.mem_write(address & ~(PAGE - 1), b"\xff" * PAGE)
        self._flash_changed()

    def clear_ram(self, end: int) -> None:
        """Zeroes RAM from its start to an address."""
        ctypes.memset(self._ram, 0, end - RAM_BASE)

    def painted_stack_used(self, bottom: int, top: int) -> int:
        """Most bytes of a stack ever used: what lies above the first word that start-up's paint no longer covers.

        Safe from any thread.
        """
        stack = self._ram.raw[bottom - RAM_BASE : top - RAM_BASE]
        paint = stack[:4]
        unused = 0
        while unused < len(stack) and stack[unused : unused + 4] == paint:
            unused += 4
        return len(stack) - unused
