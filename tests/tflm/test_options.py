"""The device's reader of options and seals, on this machine: it reads what Python writes and nothing else."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline._native import FIRMWARE_LIB, compile_library
from pipeline.export import encode_tflite
from pipeline.export.options import operator_options
from pipeline.export.seal import seal
from pipeline.quantization.packing import VARIANTS, PackedLayer, pack
from tests.conftest import make_model

CDEF = """
typedef struct { uint32_t bits, inputs, outputs, relu, version; const char *packing; const uint8_t *crc32; }
  dynq_options_t;
const char *dynq_options_read(const uint8_t *buffer, size_t length, dynq_options_t *options);
const char *dynq_model_check(const uint8_t *file, size_t bytes);
uint32_t dynq_crc32(uint32_t crc, const void *data, size_t length);
uint32_t dynq_layer_crc32(const uint8_t *buffer, size_t length, const dynq_options_t *options, const void *weights,
                          size_t weight_bytes, const void *columns, size_t column_bytes);
"""
NATIVE = compile_library("dynq-options", (FIRMWARE_LIB / "tflm/dynq_options.c",), CDEF)
FFI, LIB = NATIVE.ffi, NATIVE.lib


def accepts(options: bytes, layer: PackedLayer) -> bool:
    """Whether prepare's first and last check let these options pass for this layer's data."""
    buffer, read = FFI.from_buffer("uint8_t[]", options), FFI.new("dynq_options_t *")
    if LIB.dynq_options_read(buffer, len(options), read) != FFI.NULL:
        return False
    columns = layer.columns.tobytes()
    crc = LIB.dynq_layer_crc32(buffer, len(options), read, layer.weights, len(layer.weights), columns, len(columns))
    return crc == int.from_bytes(bytes(FFI.buffer(read.crc32, 4)), "little")


@pytest.mark.parametrize("bits", [8, 4, 2])
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("frames", [1, 20, 200])  # numbers of 1, 2 and 4 bytes make flexbuffers of other widths
def test_c_reads_what_python_writes(bits: int, variant: str, frames: int) -> None:
    layer = pack(make_model(bits, widths=(), frames=frames).layers[0], variant)
    options, read = operator_options(layer), FFI.new("dynq_options_t *")
    buffer = FFI.from_buffer("uint8_t[]", options)
    assert LIB.dynq_options_read(buffer, len(options), read) == FFI.NULL
    assert (read.bits, read.inputs, read.outputs) == (bits, 20 * frames, 5)
    assert (read.relu, read.version, FFI.string(read.packing).decode()) == (0, 1, variant)
    assert accepts(options, layer)


def test_every_flip_of_every_byte_is_refused() -> None:
    layer = pack(make_model(4, widths=(), frames=1).layers[0], "reference")
    options = operator_options(layer)
    passed = [
        (at, change)
        for at in range(len(options))
        for change in range(1, 256)
        if accepts(options[:at] + bytes([options[at] ^ change]) + options[at + 1 :], layer)
    ]
    assert not passed


def test_every_truncation_is_refused() -> None:
    layer = pack(make_model(4, widths=(), frames=1).layers[0], "reference")
    options = operator_options(layer)
    parts = [part for n in range(len(options)) for part in (options[:n], options[len(options) - n :])]
    assert not [part for part in parts if accepts(part, layer)]


@given(st.binary(max_size=64), st.integers(0, 64))
@settings(max_examples=200, deadline=None)
def test_crc_is_the_one_of_zlib(data: bytes, split: int) -> None:
    part = LIB.dynq_crc32(0, data[:split], len(data[:split]))
    assert LIB.dynq_crc32(part, data[split:], len(data[split:])) == zlib.crc32(data)


def test_the_device_knows_a_whole_file_from_a_damaged_one() -> None:
    file = encode_tflite(make_model(2, widths=(), frames=1))
    assert LIB.dynq_model_check(file, len(file)) == FFI.NULL
    for at in range(len(file)):
        damaged = file[:at] + bytes([file[at] ^ 1 << at % 8]) + file[at + 1 :]
        assert LIB.dynq_model_check(damaged, len(damaged)) != FFI.NULL, at
        assert LIB.dynq_model_check(file, at) != FFI.NULL
    assert LIB.dynq_model_check(seal(b""), 16) != FFI.NULL
    assert LIB.dynq_model_check(FFI.NULL, 100) != FFI.NULL
