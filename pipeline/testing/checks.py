"""Checks of a board. Each returns the figure that it looked at, or raises AssertionError with it."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.device import Device, DeviceResult
from pipeline.device.cost import measure_listening
from pipeline.layers import QuantizedModel
from pipeline.testing.clips import Clips

STACK_MARGIN = 256
"""Bytes of stack that a test asks to stay unused: an interrupt may come at the deepest moment."""
UNITS = ("cycles", "instructions", "microseconds")
"""What real boards count, emulated ones, and this computer."""


def assert_parity(result: DeviceResult, clips: Clips) -> None:
    """Every logit is the reference's, bit for bit."""
    __tracebackhide__ = True
    wrong = np.argwhere(result.logits.view(np.uint32) != clips.reference.view(np.uint32))
    if len(wrong):
        clip, label = wrong[0]
        raise AssertionError(
            f"{len(wrong)} of {clips.reference.size} logits are not the reference's; clip {clip}, logit {label}: "
            f"{result.logits[clip, label].item().hex()} for {clips.reference[clip, label].item().hex()}"
        )


def assert_accuracy(result: DeviceResult, clips: Clips, *, at_least: float) -> float:
    """At least that share of clips, 0..1, has its label's logit largest; skips the test where the sound is made up."""
    __tracebackhide__ = True
    if clips.labels is None:
        pytest.skip("made-up sound has no labels: name recordings with --data DIR")
    found = float(np.mean(result.logits.argmax(axis=1) == clips.labels))
    if found < at_least:
        raise AssertionError(f"{found:.1%} of {len(clips)} clips recognised, {at_least:.1%} wanted")
    return found


def time_per_step(board: Device, model: QuantizedModel) -> float:
    """What a step of listening takes, in the board's unit: front end, network and detector. Streams a few seconds."""
    cost = measure_listening(board, model)
    return (cost.frontend + cost.network + cost.detector) / cost.steps


def assert_latency(board: Device, model: QuantizedModel, **most: float) -> float:
    """A step of listening takes no more than the limit in the unit that the board counts in.

    Args:
        most: limits, each named after its unit, of ``UNITS``. Where none is the board's the test is skipped.
    """
    __tracebackhide__ = True
    if unknown := most.keys() - set(UNITS):
        raise TypeError(f"no unit {', '.join(sorted(unknown))}: {', '.join(UNITS)}")
    unit = board.unit.name
    if unit not in most:
        pytest.skip(f"this board counts {unit}: no limit is of these")
    found = time_per_step(board, model)
    if found > most[unit]:
        raise AssertionError(f"a step takes {found:,.1f} {unit}, at most {most[unit]:,.1f} wanted")
    return found


def assert_real_time(board: Device, model: QuantizedModel, *, share: float = 1.0) -> float:
    """Listening takes no more than that share of the core; skips on boards that only emulators have.

    On an emulator an instruction counts as one cycle: a real core takes longer.
    """
    __tracebackhide__ = True
    clock = board.board.clock_hz
    if clock is None:
        pytest.skip(f"{board.board.target} is no board that anybody has: its time means nothing")
    samples = model.frontend.hop_samples * model.frontend.context_stride * model.stride
    found = time_per_step(board, model) / (samples / model.frontend.sample_rate * clock)
    if found > share:
        raise AssertionError(f"listening takes {found:.1%} of the core, at most {share:.1%} wanted")
    return found


def assert_memory(
    board: Device, *, flash: int | None = None, ram: int | None = None, stack_margin: int = STACK_MARGIN
) -> dict[str, int]:
    """The image takes no more than that many bytes, and its stack was never nearly full.

    Args:
        flash, ram: limits in bytes; None for what the board has. The stack is part of the RAM.
        stack_margin: bytes of stack that nothing ever used; not asked where the system owns it.

    Returns:
        Bytes of flash, of RAM, and the most of the stack that was ever used.
    """
    __tracebackhide__ = True
    image, memory = board.image, board.client.memory()
    taken = {"flash": image.flash_bytes, "RAM": image.ram_bytes + image.stack_bytes, "stack": memory.stack_used}
    most = {
        "flash": image.flash_limit if flash is None else flash,
        "RAM": image.ram_limit if ram is None else ram,
        "stack": memory.stack - stack_margin if memory.stack else memory.stack_used,
    }
    over = [
        f"{taken[name]:,} bytes of {name}, at most {most[name]:,} wanted" for name in taken if taken[name] > most[name]
    ]
    if over:
        raise AssertionError(f"{image.target} takes " + "; ".join(over))
    return taken
