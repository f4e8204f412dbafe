"""A layer in the form that one kernel variant reads, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import QuantizationError
from pipeline.quantization.model import QuantizedLayer
from pipeline.quantization.packing.layout import COLUMN_TILE, layout_of

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class PackedLayer:
    """One layer ready to become C arrays.

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
    relu: bool


def pack(layer: QuantizedLayer, variant: str) -> PackedLayer:
    """Packs a layer for a kernel variant.

    Raises:
        QuantizationError: the variant is unknown or has no kernel for the layer's bit width.
    """
    layout = layout_of(variant, layer.inputs, layer.outputs, layer.bits)
    real = (layout.inputs < layer.inputs) & (layout.columns < layer.outputs)
    fields = np.zeros(layout.inputs.shape, np.uint8)
    fields[real] = layer.codes[layout.inputs[real], layout.columns[real]]
    fields[real & layout.flipped] ^= 1 << (layer.bits - 1)
    shifts = np.arange(0, 8, layer.bits, dtype=np.uint8)
    weights = np.bitwise_or.reduce(fields.reshape(-1, shifts.size) << shifts, axis=1).astype(np.uint8).tobytes()
    return PackedLayer(
        variant, weights, _columns(layer, COLUMN_TILE[variant]), layer.inputs, layer.outputs, layer.bits, layer.relu
    )


def _columns(layer: QuantizedLayer, tile: int) -> Floats:
    padded = -(-layer.outputs // tile) * tile
    table = np.zeros((4, padded), np.float32)
    table[:, : layer.outputs] = (layer.scale, layer.offset, layer.column_sum, layer.bias)
    return np.ascontiguousarray(table.reshape(4, -1, tile).transpose(1, 0, 2)).ravel()


def unpack(packed: PackedLayer) -> NDArray[np.uint8]:
    """The codes of a packed layer, uint8 ``[K, N]``.

    Raises:
        QuantizationError: the weights have another size than their shape asks for.
    """
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


def unpack_parameters(packed: PackedLayer) -> tuple[Floats, Floats, Floats, Floats]:
    """Scale, offset, column sum and bias of a packed layer, float32 ``[N]`` each."""
    tile = COLUMN_TILE[packed.variant]
    table = packed.columns.reshape(-1, 4, tile).transpose(1, 0, 2).reshape(4, -1)[:, : packed.outputs]
    scale, offset, column_sum, bias = (row.copy() for row in table)
    return scale, offset, column_sum, bias
