"""The device's check of a model file, on this machine."""

from __future__ import annotations

import zlib

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline._native import compile_library, declarations
from pipeline.export import encode_tflite
from pipeline.export.seal import seal
from pipeline.project import PROJECT
from tests.conftest import make_model

LIBRARIES = PROJECT / "firmware" / "lib"
SEAL, CRC = LIBRARIES / "tflm/dynq_seal.c", LIBRARIES / "dynq/dynq_crc32.c"
NATIVE = compile_library("dynq-seal", (SEAL, CRC), declarations(SEAL.with_suffix(".h"), CRC.with_suffix(".h")))
FFI, LIB = NATIVE.ffi, NATIVE.lib


@given(st.binary(max_size=64), st.integers(0, 64))
@settings(max_examples=200, deadline=None)
def test_crc_is_the_one_of_zlib(data: bytes, split: int) -> None:
    part = LIB.dynq_crc32(0, data[:split], len(data[:split]))
    assert LIB.dynq_crc32(part, data[split:], len(data[split:])) == zlib.crc32(data)


def test_the_device_knows_a_whole_file_from_a_damaged_one() -> None:
    file = encode_tflite(make_model(2, widths=(), frames=1))
    assert LIB.dynq_seal_check(file, len(file)) == FFI.NULL
    for at in range(len(file)):
        damaged = file[:at] + bytes([file[at] ^ 1 << at % 8]) + file[at + 1 :]
        assert LIB.dynq_seal_check(damaged, len(damaged)) != FFI.NULL, at
        assert LIB.dynq_seal_check(file, at) != FFI.NULL
    assert LIB.dynq_seal_check(seal(b""), 16) != FFI.NULL
    assert LIB.dynq_seal_check(FFI.NULL, 100) != FFI.NULL
