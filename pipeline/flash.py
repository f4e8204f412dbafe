"""What flash costs a core beyond its instructions: a model of the nRF52840's memory.

The source is Nordic's "nRF52840 Product Specification" (https://docs.nordicsemi.com/bundle/ps_nrf52840). Of code, its
chapter "CPU", electrical specification, has no wait states for what runs from RAM and up to two for what runs from
flash with the cache off; its chapter "NVMC", section "Cache", has a cache for the I-code bus, which fetches
instructions, with no wait state where it hits.

Of data it says nothing. Assumed is that loads from flash, which take the D-code bus and pass that cache by, wait as
fetches do without one, for each word and each time; and that the loops of a layer stay in the cache, so that code
costs what it costs from RAM. A step of a network reads each word of its weights and parameters once. Not modelled:
fetches that fill the cache, loads that meet one, and the front end's tables.
"""

from __future__ import annotations

WAIT_STATES = 2
"""Cycles for each 32-bit word of data."""


def flash_waits(constant_bytes: int) -> int:
    """Cycles that it takes to read constants once, beyond what RAM takes."""
    return WAIT_STATES * -(-constant_bytes // 4)
