"""Where each weight code goes: one description per variant and bit width, the twin of firmware/lib/dynq/dynq_packing.h.

A layout lists, for every field of the packed little-endian bit stream in order, the input and the column whose code
it holds and whether the code is stored with its top bit flipped (that is, as a two's complement number). Packing
gathers by this list, unpacking scatters by it, and nothing else knows about bit positions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import QuantizationError

VARIANTS: tuple[str, ...] = ("reference", "scalar", "cortex_m4_dsp", "mve")
"""Kernel variants, by the name that ``dynq_variant()`` returns."""

DEVICE_BITS: tuple[int, ...] = (8, 4, 2)
"""Weight bits that have kernels."""

COLUMN_TILE: dict[str, int] = {"reference": 1, "scalar": 4, "cortex_m4_dsp": 4, "mve": 4}
"""Columns that a variant computes together; N is padded to a multiple."""

M4_STEP = 8
"""Inputs per unrolled step of the Cortex-M4 kernels."""
M4_W2_BLOCK_STEPS = 5
"""Most steps of the 2-bit Cortex-M4 kernel between two extractions of its packed accumulators."""

Indices = NDArray[np.int32]


@dataclass(frozen=True)
class Layout:
    """The fields of one packed matrix, each array ``[fields]`` in stream order.

    Attributes:
        inputs: input of the field's code; K or more means padding.
        columns: column of the field's code; N or more means padding.
        flipped: whether the code is stored XOR ``2**(bits - 1)``.
    """

    inputs: Indices
    columns: Indices
    flipped: NDArray[np.bool_]


def m4_w2_block(inputs: int) -> tuple[int, int]:
    """Blocks of the 2-bit Cortex-M4 kernel: ``(number, steps of 8 inputs in each)``, all blocks alike."""
    steps = -(-inputs // M4_STEP)
    blocks = -(-steps // M4_W2_BLOCK_STEPS)
    return blocks, -(-steps // blocks)


@lru_cache(maxsize=64)
def layout_of(variant: str, inputs: int, outputs: int, bits: int) -> Layout:
    """Layout of a ``[inputs, outputs]`` matrix.

    Raises:
        QuantizationError: the variant is unknown or has no kernel for ``bits``.
    """
    if variant not in VARIANTS:
        raise QuantizationError(f"no kernel variant {variant!r}", f"variants: {', '.join(VARIANTS)}")
    if bits not in DEVICE_BITS:
        raise QuantizationError(f"no kernel for {bits}-bit weights", "on a device, weights have 8, 4 or 2 bits")
    build = {"reference": _reference, "scalar": _scalar, "cortex_m4_dsp": _m4, "mve": _mve}[variant]
    k, n, flipped = np.broadcast_arrays(*build(inputs, outputs, bits))
    return Layout(k.astype(np.int32).ravel(), n.astype(np.int32).ravel(), flipped.astype(np.bool_).ravel())


Parts = tuple[Indices, Indices, NDArray[np.bool_]]
"""Input, column and flipped, in arrays that broadcast to the stream's shape."""


def _range(stop: int, *shape: int) -> Indices:
    return np.arange(stop, dtype=np.int32).reshape(shape)


def _tiles(outputs: int, tile: int) -> int:
    return -(-outputs // tile)


def _never() -> NDArray[np.bool_]:
    return np.zeros(1, np.bool_)


def _reference(inputs: int, outputs: int, bits: int) -> Parts:
    """Column by column, inputs in order from the low bits up, each column filled up to a whole byte."""
    per_byte = 8 // bits
    padded = -(-inputs // per_byte) * per_byte
    return _range(padded, 1, -1), _range(outputs, -1, 1), _never()


def _scalar(inputs: int, outputs: int, bits: int) -> Parts:
    """Tiles of four columns. 8 bits: one word per input, a byte per column; the first and the last byte are those of a
    column pair. 4 and 2 bits: two words per step, one per column pair, the first column's fields in the low half, the
    second's in the high: one multiplication does both."""
    tile = 4 * _range(_tiles(outputs, 4), -1, 1, 1, 1, 1)
    if bits == 8:
        return _range(inputs, 1, -1, 1, 1, 1), tile + np.array([0, 3, 2, 1], np.int32), _never()
    step = 16 // bits
    k = step * _range(-(-inputs // step), 1, -1, 1, 1, 1) + _range(step, 1, 1, 1, 1, step)
    return k, tile + 2 * _range(2, 1, 1, 2, 1, 1) + _range(2, 1, 1, 1, 2, 1), _never()


def _m4(inputs: int, outputs: int, bits: int) -> Parts:
    """Tiles of four columns; input pairs (0,2) (1,3) (4,6) (5,7) .. share a 32-bit word's two halfwords."""
    if bits == 2:
        return _m4_w2(inputs, outputs)
    padded = -(-inputs // M4_STEP) * M4_STEP
    tiles = _tiles(outputs, 4)
    pair, lane = _range(padded // 2, 1, -1, 1, 1, 1), _range(2, 1, 1, 1, 2, 1)
    k = 4 * (pair // 2) + pair % 2 + 2 * lane
    words, fields = (2, 2) if bits == 8 else (1, 4)  # words per pair; columns in each halfword, low bits first
    column = fields * _range(words, 1, 1, words, 1, 1) + _range(fields, 1, 1, 1, 1, fields)
    return k, 4 * _range(tiles, -1, 1, 1, 1, 1) + column, (column % fields) == fields - 1


def _m4_w2(inputs: int, outputs: int) -> Parts:
    """Per step of 8 inputs a word per column pair: rotated right by 4j, bits 0, 14, 16 and 30 hold input pair j."""
    blocks, steps = m4_w2_block(inputs)
    k, column = np.empty(16, np.int32), np.empty(16, np.int32)
    for j in range(4):
        for unit, lane, side in ((0, 0, 0), (7, 0, 1), (8, 1, 0), (15, 1, 1)):
            field = (unit + 2 * j) % 16
            k[field] = 4 * (j // 2) + j % 2 + 2 * lane
            column[field] = side
    step, word = _range(blocks * steps, 1, -1, 1, 1), _range(2, 1, 1, 2, 1)
    tile = _range(_tiles(outputs, 4), -1, 1, 1, 1)
    return 8 * step + k, 4 * tile + 2 * word + column, column == 1


def _mve(inputs: int, outputs: int, bits: int) -> Parts:
    """Tiles of eight columns and one of four where no more are left, steps of 16 inputs; each byte lane of a vector is
    one input, its fields are columns: neighbours, but at 4 bits as far apart as there are vectors."""
    fields, fours = 8 // bits, _tiles(outputs, 4)
    streams = []
    for first, tiles, width in ((0, fours // 2, 8), (fours // 2 * 8, fours % 2, 4)):
        vectors = width // fields
        vector, field = _range(vectors, 1, 1, vectors, 1, 1), _range(fields, 1, 1, 1, 1, fields)
        k = 16 * _range(-(-inputs // 16), 1, -1, 1, 1, 1) + _range(16, 1, 1, 1, 16, 1)
        column = vector + vectors * field if bits == 4 else fields * vector + field
        tile = first + width * _range(tiles, -1, 1, 1, 1, 1)
        streams.append([part.ravel() for part in np.broadcast_arrays(k, tile + column, field == fields - 1)])
    k, column, flipped = (np.concatenate(parts) for parts in zip(*streams, strict=True))
    return k, column, flipped
