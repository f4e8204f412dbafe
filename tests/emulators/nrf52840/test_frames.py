"""An interrupt leaves every register of the interrupted program as it was, and its frame lies as the core lays it."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
import unicorn
from unicorn import arm_const as arm
from unicorn.unicorn_py3.unicorn import Uc

from pipeline.emulators.nrf52840 import frames

_RAM = 0x20000000
_GENERAL = [getattr(arm, f"UC_ARM_REG_R{i}") for i in (0, 1, 2, 3, 12)] + [arm.UC_ARM_REG_LR]
_SINGLE = [getattr(arm, f"UC_ARM_REG_S{i}") for i in range(16)]


@pytest.mark.parametrize("sp", [_RAM + 0x800, _RAM + 0x804])
def test_what_an_interrupt_pushes_it_pops(sp: int) -> None:
    engine: Any = Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
    engine.ctl_set_cpu_model(arm.UC_CPU_ARM_CORTEX_M4)
    engine.mem_map(_RAM, 0x1000)
    registers = [*_GENERAL, *_SINGLE]
    values = np.random.default_rng(7).integers(0, 1 << 32, len(registers)).tolist()
    for register, value in zip(registers, values, strict=True):
        engine.reg_write(register, value)
    engine.reg_write(arm.UC_ARM_REG_FPSCR, 1 << 29)
    engine.reg_write(arm.UC_ARM_REG_SP, sp)

    frames.enter(engine, 0x1234)
    pushed = engine.reg_read(arm.UC_ARM_REG_SP)
    assert pushed % 8 == 0
    words = struct.unpack("<26I", bytes(engine.mem_read(pushed, 104)))
    assert [*words[:6], *words[8:24]] == values
    assert (words[6], words[24]) == (0x1234, 1 << 29)
    for register in [*registers, arm.UC_ARM_REG_FPSCR]:
        engine.reg_write(register, 0)

    assert frames.leave(engine) == 0x1234
    assert [engine.reg_read(register) for register in registers] == values
    assert engine.reg_read(arm.UC_ARM_REG_FPSCR) == 1 << 29
    assert engine.reg_read(arm.UC_ARM_REG_SP) == sp
