"""What flash costs a core beyond its instructions: a model of the nRF52840's memory.

Its product specification (chapter "CPU", electrical specification) has no wait states for RAM and two for flash; the
instruction cache of 2 KB (chapter "NVMC") serves instruction fetches alone, and has none when it hits. So the model is:
code costs what it costs from RAM, as the loops of a layer fit the cache; a word of data takes two cycles more each time
that it is read. A step of a network reads each word of its weights and parameters once. Not modelled: the fetches that
fill the cache, and the front end's tables.
"""

from __future__ import annotations

WAIT_STATES = 2
"""Cycles for each 32-bit word of data."""


def flash_waits(constant_bytes: int) -> int:
    """Cycles that it takes to read constants once, beyond what RAM takes."""
    return WAIT_STATES * -(-constant_bytes // 4)
