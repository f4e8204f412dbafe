"""The model of flash wait states, by hand."""

from __future__ import annotations

import pytest

from pipeline.flash import flash_waits


@pytest.mark.parametrize(("constant_bytes", "cycles"), [(0, 0), (1, 2), (4, 2), (5, 4), (56_320 + 1_024, 28_672)])
def test_every_word_waits_two_cycles(constant_bytes: int, cycles: int) -> None:
    assert flash_waits(constant_bytes) == cycles
