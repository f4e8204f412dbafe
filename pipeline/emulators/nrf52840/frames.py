"""Exception entry and return, which Unicorn leaves to its user: the frame that the core pushes and pops."""

from __future__ import annotations

import contextlib
import struct
from typing import Any

from unicorn import arm_const as arm
from unicorn.unicorn_py3.unicorn import UcError

CORE = (
    *(getattr(arm, f"UC_ARM_REG_R{i}") for i in range(13)),
    arm.UC_ARM_REG_SP,
    arm.UC_ARM_REG_LR,
    arm.UC_ARM_REG_PC,
    arm.UC_ARM_REG_XPSR,
)
"""r0 to r12, sp, lr, pc, xpsr."""
FLOAT = (*(getattr(arm, f"UC_ARM_REG_D{i}") for i in range(8)), arm.UC_ARM_REG_FPSCR)
"""The floating-point registers of a frame, two of single precision at a time."""

_RETURN = 0xFFFFFFE9  # to thread mode, main stack, frame with floating-point registers
_STACKED = (
    arm.UC_ARM_REG_R0,
    arm.UC_ARM_REG_R1,
    arm.UC_ARM_REG_R2,
    arm.UC_ARM_REG_R3,
    arm.UC_ARM_REG_R12,
    arm.UC_ARM_REG_LR,
)
_FRAME = struct.Struct("<8I8Q2I")
_ALIGNED = 1 << 9  # xPSR: the core skipped a word to align the frame


def enter(engine: Any, pc: int) -> None:
    """Pushes a frame that returns to ``pc`` and sets lr for the handler."""
    sp = engine.reg_read(arm.UC_ARM_REG_SP)
    frame = (sp - _FRAME.size) & ~7
    xpsr = engine.reg_read(arm.UC_ARM_REG_XPSR) & ~_ALIGNED | (_ALIGNED if sp & 4 else 0)
    values = engine.reg_read_batch((*_STACKED, *FLOAT))
    stacked, real = values[: len(_STACKED)], values[len(_STACKED) :]
    with contextlib.suppress(UcError):  # a frame pushed off the stack's end is lost, as on the chip
        engine.mem_write(frame, _FRAME.pack(*stacked, pc, xpsr, *real, 0))
    engine.reg_write(arm.UC_ARM_REG_SP, frame)
    engine.reg_write(arm.UC_ARM_REG_LR, _RETURN)


def leave(engine: Any) -> int:
    """Pops the frame on top of the stack; where to go on."""
    frame = engine.reg_read(arm.UC_ARM_REG_SP)
    values = _FRAME.unpack(bytes(engine.mem_read(frame, _FRAME.size)))
    pc, xpsr = values[6:8]
    sp = frame + _FRAME.size + (4 if xpsr & _ALIGNED else 0)
    own = ((arm.UC_ARM_REG_XPSR, xpsr & ~_ALIGNED), (arm.UC_ARM_REG_SP, sp))
    registers = (*zip(_STACKED, values, strict=False), *zip(FLOAT, values[8:], strict=False), *own)
    engine.reg_write_batch(registers)
    return int(pc)
