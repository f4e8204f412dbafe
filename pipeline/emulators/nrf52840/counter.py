"""Exact instruction counts: a block hook in C, because a hook in Python would slow the core thirtyfold."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import unicorn
from unicorn.unicorn_py3.unicorn import UcError, uclib

from pipeline._native import compile_library, declarations

_SOURCE = Path(__file__).with_name("count.c")


class InstructionCounter:
    """Counts what a core executes, and stops it before the first block at or after ``stop_at`` instructions.

    Raises:
        ToolchainError: the hook cannot be compiled.
    """

    def __init__(self, engine: Any) -> None:
        native = compile_library("nrf52840_count", (_SOURCE,), declarations(_SOURCE.with_suffix(".h")))
        self._native = native
        self._state = native.ffi.new("counter_t *")
        for name, function in (("read", uclib.uc_mem_read), ("stop", uclib.uc_emu_stop)):
            address = ctypes.cast(function, ctypes.c_void_p).value
            setattr(self._state, name, native.ffi.cast(native.ffi.typeof(getattr(self._state, name)), address))
        hook = int(native.ffi.cast("uintptr_t", native.ffi.addressof(native.lib, "count_block")))
        state = int(native.ffi.cast("uintptr_t", self._state))
        handle = ctypes.c_size_t()
        status = uclib.uc_hook_add(
            engine._uch,
            ctypes.byref(handle),
            unicorn.UC_HOOK_BLOCK,
            ctypes.c_void_p(hook),
            ctypes.c_void_p(state),
            ctypes.c_uint64(1),
            ctypes.c_uint64(0),
        )
        if status != unicorn.UC_ERR_OK:
            raise UcError(status)

    @property
    def instructions(self) -> int:
        """Instructions executed since power-up."""
        return int(self._state.instructions)

    def run_until(self, instructions: int) -> None:
        """Sets where the core stops next."""
        self._state.stop_at = max(0, instructions)
        self._state.stopped = 0

    def stop_by(self, instructions: int) -> None:
        """Stops the core earlier than set before, if that is earlier."""
        self._state.stop_at = min(self._state.stop_at, max(0, instructions))

    def stop_soon(self) -> None:
        """Stops the core before its next block; safe from another thread."""
        self._state.stop_at = 0

    @property
    def stopped(self) -> bool:
        """Whether it was this counter that stopped the core."""
        return bool(self._state.stopped)

    def flash_changed(self) -> None:
        """Forgets the lengths of the blocks seen so far."""
        self._native.lib.count_flush(self._state)
