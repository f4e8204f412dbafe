"""A quantized matrix in the form that one kernel variant reads, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import QuantizationError
from pipeline.layers.dense_layout import COLUMN_TILE, layout_of
from pipeline.quantization import MAX_PARAMETER, Columns

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class PackedColumns:
    """A matrix ready to become C arrays.

    Attributes:
        variant: the kernel variant that reads it.
        weights: the packed codes, padding included.
        columns: float32 ``[4 * N padded to the tile]``: per tile scales, offsets, column sums, biases.
        inputs: K.
        outputs: N.
        bits: 8, 4 or 2.
    """

    variant: str
    weights: bytes
    columns: Floats
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
    fields = np.zeros(layout.inputs.shape, np.uint8)
    fields[real] = columns.codes[layout.inputs[real], layout.columns[real]]
    fields[real & layout.flipped] ^= 1 << (columns.bits - 1)
    shifts = np.arange(0, 8, columns.bits, dtype=np.uint8)
    weights = np.bitwise_or.reduce(fields.reshape(-1, shifts.size) << shifts, axis=1).astype(np.uint8).tobytes()
    parameters = _parameters(columns, COLUMN_TILE[variant])
    return PackedColumns(variant, weights, parameters, columns.inputs, columns.outputs, columns.bits)


def _parameters(columns: Columns, tile: int) -> Floats:
    padded = -(-columns.outputs // tile) * tile
    table = np.zeros((4, padded), np.float32)
    table[:, : columns.outputs] = (columns.scale, columns.offset, columns.column_sum, columns.bias)
    return np.ascontiguousarray(table.reshape(4, -1, tile).transpose(1, 0, 2)).ravel()


def unpack(packed: PackedColumns) -> Columns:
    """The matrix that :func:`pack` packed, bit for bit.

    Raises:
        QuantizationError: the weights have another size than their shape asks for.
        ValueError: parameters that no matrix has.
    """
    scale, offset, column_sum, bias = _unpack_parameters(packed)
    for what, numbers in (("scale", scale), ("offset", offset), ("bias", bias)):
        if not np.all(np.abs(numbers) < 2 * MAX_PARAMETER):  # a column's range reaches twice the largest weight
            raise ValueError(f"a {what} is out of range")
    columns = Columns(packed.bits, _unpack_codes(packed), scale, offset, bias)
    if columns.column_sum.tobytes() != column_sum.tobytes():
        raise ValueError("column sums do not belong to their codes")
    return columns


def _unpack_codes(packed: PackedColumns) -> NDArray[np.uint8]:
    layout = layout_of(packed.variant, packed.inputs, packed.outputs, packed.bits)
    raw = np.frombuffer(packed.weights, np.uint8)
    if raw.size * 8 != layout.inputs.size * packed.bits:
        raise QuantizationError(
            f"{raw.size} weight bytes for {packed.inputs} x {packed.outputs} at {packed.bits} "
            f"bits, {packed.variant} takes {layout.inputs.size * packed.bits // 8}"
        )
    shifts = np.arange(0, 8, packed.bits, dtype=np.uint8)
    fields = ((raw[:, None] >> shifts) & ((1 << packed.bits) - 1)).ravel().astype(np.uint8)
    fields[layout.flipped] ^= 1 << (packed.bits - 1)
    real = (layout.inputs < packed.inputs) & (layout.columns < packed.outputs)
    codes = np.empty((packed.inputs, packed.outputs), np.uint8)
    codes[layout.inputs[real], layout.columns[real]] = fields[real]
    return codes


def _unpack_parameters(packed: PackedColumns) -> tuple[Floats, ...]:
    """Scale, offset, column sum and bias, float32 ``[N]`` each."""
    tile = COLUMN_TILE[packed.variant]
    table = packed.columns.reshape(-1, 4, tile).transpose(1, 0, 2).reshape(4, -1)[:, : packed.outputs]
    return tuple(row.copy() for row in table)
