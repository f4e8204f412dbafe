"""Exception entry and return, which Unicorn leaves to its user: the frame that the core pushes and pops."""

from __future__ import annotations

import contextlib
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
FLOAT = (*(getattr(arm, f"UC_ARM_REG_S{i}") for i in range(16)), arm.UC_ARM_REG_FPSCR)
"""The floating-point registers of a frame."""

_RETURN = 0xFFFFFFE9  # to thread mode, main stack, frame with floating-point registers
_STACKED = (
    arm.UC_ARM_REG_R0,
    arm.UC_ARM_REG_R1,
    arm.UC_ARM_REG_R2,
    arm.UC_ARM_REG_R3,
    arm.UC_ARM_REG_R12,
    arm.UC_ARM_REG_LR,
)
_FRAME_BYTES = 104
_ALIGNED = 1 << 9  # xPSR: the core skipped a word to align the frame


def enter(engine: Any, pc: int) -> None:
    """Pushes a frame that returns to ``pc`` and sets lr for the handler."""
    sp = engine.reg_read(arm.UC_ARM_REG_SP)
    frame = (sp - _FRAME_BYTES) & ~7
    xpsr = engine.reg_read(arm.UC_ARM_REG_XPSR) & ~_ALIGNED | (_ALIGNED if sp & 4 else 0)
    words = [*(engine.reg_read(r) for r in _STACKED), pc, xpsr, *(engine.reg_read(r) for r in FLOAT), 0]
    with contextlib.suppress(UcError):  # a frame pushed off the stack's end is lost, as on the chip
        engine.mem_write(frame, b"".join((word & 0xFFFFFFFF).to_bytes(4, "little") for word in words))
    engine.reg_write(arm.UC_ARM_REG_SP, frame)
    engine.reg_write(arm.UC_ARM_REG_LR, _RETURN)


def leave(engine: Any) -> int:
    """Pops the frame on top of the stack; where to go on."""
    frame = engine.reg_read(arm.UC_ARM_REG_SP)
    data = bytes(engine.mem_read(frame, _FRAME_BYTES))
    words = [int.from_bytes(data[i : i + 4], "little") for i in range(0, _FRAME_BYTES, 4)]
    xpsr = words[7]
    for register, value in (*zip(_STACKED, words, strict=False), *zip(FLOAT, words[8:], strict=False)):
        engine.reg_write(register, value)
    engine.reg_write(arm.UC_ARM_REG_XPSR, xpsr & ~_ALIGNED)
    engine.reg_write(arm.UC_ARM_REG_SP, frame + _FRAME_BYTES + (4 if xpsr & _ALIGNED else 0))
    return words[6]
