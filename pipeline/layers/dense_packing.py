"""A quantized matrix in the form that one kernel variant reads, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import QuantizationError
from pipeline.layers.dense_layout import COLUMN_TILE, layout_of
from pipeline.quantization import Columns
from pipeline.quantization.half import Halves

Words = NDArray[np.uint32]


@dataclass(frozen=True)
class PackedColumns:
    """A matrix ready to become C arrays.

    Attributes:
        variant: the kernel variant that reads it.
        weights: the packed codes, padding included.
        columns: uint32 ``[2 * N padded to the tile]``: per tile steps and biases, then sums and offsets.
        inputs: K.
        outputs: N.
        bits: 8, 4 or 2.
    """

    variant: str
    weights: bytes
    columns: Words
    inputs: int
    outputs: int
    bits: int


def pack(columns: Columns, variant: str) -> PackedColumns:
    """Packs a matrix for a kernel variant.

    Raises:
        QuantizationError: the variant is unknown or has no kernel for the bit width.
    """
    layout = layout_of(variant, columns.inputs, columns.outputs, columns.bits)
    real = (layout.inputs < columns.inputs) & (layout.columns < columns.outputs)
    middle = 1 << (columns.bits - 1)
    fields = np.zeros(layout.inputs.shape, np.uint8)
    fields[real] = columns.codes[layout.inputs[real], layout.columns[real]].astype(np.int16) + middle
    fields[real & layout.flipped] ^= middle
    shifts = np.arange(0, 8, columns.bits, dtype=np.uint8)
    weights = np.bitwise_or.reduce(fields.reshape(-1, shifts.size) << shifts, axis=1).astype(np.uint8).tobytes()
    words = np.stack([step_words(columns.step, columns.bias), join(columns.sum, columns.offset)])
    tiles = padded(words, COLUMN_TILE[variant]).reshape(2, -1, COLUMN_TILE[variant])
    return PackedColumns(
        variant, weights, tiles.transpose(1, 0, 2).ravel(), columns.inputs, columns.outputs, columns.bits
    )


def unpack(packed: PackedColumns) -> Columns:
    """The matrix that :func:`pack` packed, bit for bit.

    Raises:
        QuantizationError: the weights have another size than their shape asks for, or no matrix has these parameters.
        ValueError: the parameters have another size, or do not belong to the weights.
    """
    tiles = packed.columns.reshape(-1, 2, COLUMN_TILE[packed.variant]).transpose(1, 0, 2)
    steps, sums = tiles.reshape(2, -1)[:, : packed.outputs]
    step, bias = split_step(steps)
    total, offset = split(sums)
    columns = Columns(packed.bits, _unpack_codes(packed), step, offset, bias)
    if not np.array_equal(columns.sum, total):
        raise ValueError("column sums do not belong to their codes")
    return columns


def _unpack_codes(packed: PackedColumns) -> NDArray[np.int8]:
    layout = layout_of(packed.variant, packed.inputs, packed.outputs, packed.bits)
    raw = np.frombuffer(packed.weights, np.uint8)
    if raw.size * 8 != layout.inputs.size * packed.bits:
        raise QuantizationError(
            f"{raw.size} weight bytes for {packed.inputs} x {packed.outputs} at {packed.bits} "
            f"bits, {packed.variant} takes {layout.inputs.size * packed.bits // 8}"
        )
    shifts = np.arange(0, 8, packed.bits, dtype=np.uint8)
    fields = ((raw[:, None] >> shifts) & ((1 << packed.bits) - 1)).ravel().astype(np.int16)
    middle = 1 << (packed.bits - 1)
    fields[layout.flipped] ^= middle
    real = (layout.inputs < packed.inputs) & (layout.columns < packed.outputs)
    codes = np.empty((packed.inputs, packed.outputs), np.int8)
    codes[layout.inputs[real], layout.columns[real]] = fields[real] - middle
    return codes


def padded(words: Words, unit: int) -> Words:
    """Words ``[.., N]`` with zeros up to a multiple of ``unit``."""
    return np.pad(words, [(0, 0)] * (words.ndim - 1) + [(0, -words.shape[-1] % unit)])


def join(low: NDArray[np.int16], high: NDArray[np.int16]) -> Words:
    """Pairs of 16-bit numbers as words."""
    words = low.view(np.uint16).astype(np.uint32) | high.view(np.uint16).astype(np.uint32) << np.uint32(16)
    return words.astype(np.uint32)


def split(words: Words) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Low and high halves of words."""
    return (words & 0xFFFF).astype(np.uint16).view(np.int16), (words >> 16).astype(np.uint16).view(np.int16)


def step_words(step: Halves, bias: Halves) -> Words:
    """Words of steps, in the low halves, and biases."""
    return join(step.view(np.int16), bias.view(np.int16))


def split_step(words: Words) -> tuple[Halves, Halves]:
    """Steps and biases of words."""
    step, bias = split(words)
    return step.view(np.float16), bias.view(np.float16)
