"""Filters over time in the form that one kernel variant reads, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.layers.dense_packing import Words, padded, split_step, step_words
from pipeline.quantization import Filters

CHANNEL_TILE: dict[str, int] = {"reference": 1, "scalar": 4, "cortex_m4_dsp": 4, "mve": 8}
"""Channels that a variant computes together; C is padded to a multiple."""


@dataclass(frozen=True)
class PackedFilters:
    """Filters ready to become C arrays.

    Attributes:
        variant: the kernel variant that reads them.
        taps: int8 codes, channel group by channel group, newest tap first.
        parameters: uint32 ``[C padded to the group]``: steps and biases.
        count: of taps, L.
        channels: C.
    """

    variant: str
    taps: bytes
    parameters: Words
    count: int
    channels: int


def pack_filters(filters: Filters, variant: str) -> PackedFilters:
    """Packs filters for a kernel variant."""
    tile = CHANNEL_TILE[variant]
    groups = padded(filters.codes.view(np.uint8), tile).reshape(filters.taps, -1, tile)
    parameters = padded(step_words(filters.step, filters.bias), tile)
    return PackedFilters(variant, groups.transpose(1, 0, 2).tobytes(), parameters, filters.taps, filters.channels)


def unpack_filters(packed: PackedFilters) -> Filters:
    """The filters that :func:`pack_filters` packed, bit for bit.

    Raises:
        QuantizationError: numbers that no filter has.
        ValueError: sizes that do not go together.
    """
    tile = CHANNEL_TILE[packed.variant]
    groups = np.frombuffer(packed.taps, np.int8).reshape(-1, packed.count, tile)
    codes = groups.transpose(1, 0, 2).reshape(packed.count, -1)[:, : packed.channels]
    if codes.shape[1] != packed.channels or len(packed.parameters) != groups.shape[0] * tile:
        raise ValueError(f"{len(packed.taps)} bytes of taps for {packed.channels} channels")
    return Filters(codes.copy(), *split_step(packed.parameters[: packed.channels]))
