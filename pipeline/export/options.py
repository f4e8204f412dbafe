"""Custom options of the operator DYNQ_FULLY_CONNECTED: what ``prepare`` needs beside the tensors, and a CRC."""

from __future__ import annotations

import zlib

from flatbuffers import flexbuffers

from pipeline.quantization.packing import PackedLayer

OPERATOR_NAME = "DYNQ_FULLY_CONNECTED"
OPTIONS_VERSION = 1
_CRC_PLACE = b"\xa5\x5a\xc3\x3c"  # found nowhere else in the options: all other values are small or text


def operator_options(layer: PackedLayer) -> bytes:
    """Options of one layer as a flexbuffer map.

    ``bits``, ``inputs``, ``outputs``, ``relu`` and ``version`` are integers and ``packing`` is the kernel variant's
    name. ``crc32`` is a blob of 4 bytes, little endian: CRC-32 of these options with the blob zeroed, then the packed
    weights, then the column parameters. A flipped bit anywhere in a layer is thus found before the layer runs.
    """
    builder = flexbuffers.Builder()
    with builder.Map():
        builder.Int("bits", layer.bits)
        builder.Blob("crc32", _CRC_PLACE)
        builder.Int("inputs", layer.inputs)
        builder.Int("outputs", layer.outputs)
        builder.String("packing", layer.variant)
        builder.Int("relu", int(layer.relu))
        builder.Int("version", OPTIONS_VERSION)
    options = bytes(builder.Finish())
    crc = 0
    for part in (options.replace(_CRC_PLACE, bytes(4)), layer.weights, layer.columns.tobytes()):
        crc = zlib.crc32(part, crc)
    return options.replace(_CRC_PLACE, crc.to_bytes(4, "little"))
