"""The device's reader of options, on this machine: it reads what Python writes and nothing else."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline._native import compile_library, declarations
from pipeline.layers import KINDS, Dense, Layer
from pipeline.layers.dense_layout import VARIANTS
from pipeline.project import PROJECT
from tests.conftest import make_model

LIBRARIES = PROJECT / "firmware" / "lib"
HEADER = LIBRARIES / "tflm/dynq_options.h"
SOURCES = (LIBRARIES / "tflm/dynq_options.c", *sorted((LIBRARIES / "dynq").glob("*.c")))
NATIVE = compile_library("dynq-options", SOURCES, declarations(HEADER))
FFI, LIB = NATIVE.ffi, NATIVE.lib


def read(options: bytes, version: int = Dense.operator.version):
    """What the device reads, or its reason not to."""
    result = FFI.new("dynq_fully_connected_options_t *")
    error = LIB.dynq_options_read(options, len(options), version, result, FFI.sizeof(result[0]))
    return result if error == FFI.NULL else FFI.string(error).decode()


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_host_and_device_declare_the_same_struct(kind: type[Layer]) -> None:
    name = kind.operator.name.lower()
    c = FFI.typeof(f"{name}_options_t")
    head = [(name, field.offset, FFI.sizeof(field.type)) for name, field in c.fields[0][1].type.fields]
    body = [(name, field.offset, FFI.sizeof(field.type)) for name, field in c.fields[1:]]
    assert head == [("version", 0, 2), ("packing", 2, 16)]
    at, expected = 18, []
    for field, code in (*kind.operator.fields, ("zero", "H")):
        expected.append((field, at, struct.calcsize(code)))
        at += struct.calcsize(code)
    assert body == expected
    assert FFI.sizeof(c) == kind.operator.struct.size == at
    assert f"#define {kind.operator.name}_VERSION {kind.operator.version}\n" in HEADER.read_text()


@pytest.mark.parametrize("bits", [8, 4, 2])
@pytest.mark.parametrize("frames", [1, 20, 200])
def test_c_reads_what_python_writes(bits: int, frames: int) -> None:
    layer = make_model(bits, widths=(), frames=frames).layers[0]
    o = read(layer.encoded_options("reference"))
    assert (o.inputs, o.outputs, o.bits, o.relu) == (20 * frames, 5, bits, 0)


@given(
    packing=st.sampled_from(VARIANTS),
    values=st.fixed_dictionaries(
        {name: st.integers(0, 256 ** struct.calcsize(code) - 1) for name, code in Dense.operator.fields}
    ),
)
def test_python_reads_what_it_writes(packing: str, values: dict[str, int]) -> None:
    options = Dense.operator.encode(packing, **values)
    assert Dense.operator.decode(options) == (packing, values)
    o = read(options)
    if packing == "reference":
        assert {name: getattr(o, name) for name in values} == values
    else:
        assert o == "options: packing is for other kernels than those compiled in"


def test_what_does_not_fit_is_refused() -> None:
    options = make_model(4, widths=(), frames=1).layers[0].encoded_options("reference")
    lengths = [
        part for n in range(len(options)) for part in (options[:n], options[len(options) - n :], options + b"\0")
    ]
    for part in lengths:
        assert read(part) == "options: of another length"
        with pytest.raises(ValueError, match="bytes of options, this program reads 26"):
            Dense.operator.decode(part)
    for version in (0, 2, 4, 0x6962):
        other = struct.pack("<H", version) + options[2:]
        assert read(other) == "options: of another version"
        with pytest.raises(ValueError, match=f"of version {version}, this program reads 3"):
            Dense.operator.decode(other)
    for stray in (options[:-1] + b"\1", options[:17] + b"x" + options[18:]):
        with pytest.raises(ValueError, match="stray"):
            Dense.operator.decode(stray)
    with pytest.raises(TypeError, match="fields of DYNQ_FULLY_CONNECTED"):
        Dense.operator.encode("reference", inputs=1)
