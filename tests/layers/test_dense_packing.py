from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import QuantizationError
from pipeline.layers.dense_layout import COLUMN_TILE, DEVICE_BITS, VARIANTS, layout_of
from pipeline.layers.dense_packing import pack, unpack
from pipeline.quantization import Columns, quantize_columns


def columns_of(bits: int, codes: np.ndarray, offset: int = 0, bias: float = 0) -> Columns:
    """Columns of step 1."""
    n = codes.shape[1]
    halves = np.ones(n, np.float16)
    return Columns(bits, codes.astype(np.int8), halves, np.full(n, offset, np.int16), halves * np.float16(bias))


def random_columns(inputs: int, outputs: int, bits: int, seed: int = 0) -> Columns:
    rng = np.random.default_rng(seed)
    return quantize_columns(rng.normal(size=(inputs, outputs)), rng.normal(size=outputs), bits)


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(VARIANTS), st.sampled_from(DEVICE_BITS), st.integers(1, 130), st.integers(1, 19), st.integers(0, 99)
)
def test_unpacking_gives_back_every_code_and_parameter(variant, bits, inputs, outputs, seed):
    columns = random_columns(inputs, outputs, bits, seed)
    packed = pack(columns, variant)
    assert (packed.inputs, packed.outputs, packed.bits) == (inputs, outputs, bits)
    unpacked = unpack(packed)
    np.testing.assert_array_equal(unpacked.codes, columns.codes)
    for what in ("step", "offset", "sum", "bias"):
        assert getattr(unpacked, what).tobytes() == getattr(columns, what).tobytes()
    assert len(packed.weights) % (4 if variant != "reference" else 1) == 0


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(VARIANTS), st.sampled_from(DEVICE_BITS), st.integers(1, 700), st.integers(1, 19))
def test_a_layout_holds_each_code_exactly_once(variant, bits, inputs, outputs):
    layout = layout_of(variant, inputs, outputs, bits)
    real = (layout.inputs < inputs) & (layout.columns < outputs)
    places = layout.inputs[real].astype(np.int64) * outputs + layout.columns[real]
    np.testing.assert_array_equal(np.sort(places), np.arange(inputs * outputs))


def test_the_reference_packing_is_columns_in_order_low_bits_first():
    codes = np.array([[1, 15], [2, 14], [3, 13]], np.int8) - np.int8(8)
    packed = pack(columns_of(4, codes, offset=-512, bias=-3), "reference")
    assert packed.weights == bytes([0x21, 0x03, 0xEF, 0x0D])
    one, minus_three = 0x3C00, 0xC200
    sums = [4 * (-7 - 6 - 5 - 3 * 2), 4 * (7 + 6 + 5 - 3 * 2)]  # in quarters of a step
    offset = 0xFE00 << 16
    words = [one | minus_three << 16, sums[0] & 0xFFFF | offset, one | minus_three << 16, sums[1] & 0xFFFF | offset]
    assert packed.columns.tolist() == words


def test_the_m4_packings_put_fields_where_the_header_says():
    codes = np.arange(32, dtype=np.uint8).reshape(8, 4)
    words = np.frombuffer(pack(columns_of(8, codes.astype(int) - 128), "cortex_m4_dsp").weights, "<u4")
    fields = (codes[0, 0], codes[0, 1] ^ 128, codes[2, 0], codes[2, 1] ^ 128)
    assert words[0] == int.from_bytes(bytes(int(field) for field in fields), "little")
    two = (codes % 4).astype(np.uint8)
    words = np.frombuffer(pack(columns_of(2, two.astype(int) - 2), "cortex_m4_dsp").weights, "<u4")
    word = int(words[0])
    for j, (first, second) in enumerate(((0, 2), (1, 3), (4, 6), (5, 7))):
        rotated = (word >> 4 * j | word << (32 - 4 * j)) & 0xC003C003
        assert rotated & 3 == two[first, 0]
        assert rotated >> 14 & 3 == two[first, 1] ^ 2
        assert rotated >> 16 & 3 == two[second, 0]
        assert rotated >> 30 == two[second, 1] ^ 2


def test_helium_s_tiles_of_eight_columns_end_in_one_of_four():
    columns = random_columns(16, 12, 4)
    vectors = np.frombuffer(pack(columns, "mve").weights, np.uint8).reshape(6, 16)
    codes = columns.codes.astype(np.int16)
    for vector, (low, high) in zip(vectors, ((0, 4), (1, 5), (2, 6), (3, 7), (8, 10), (9, 11)), strict=True):
        assert np.array_equal(vector & 15, codes[:, low] + 8)
        assert np.array_equal(vector.view(np.int8) >> 4, codes[:, high])


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("bits", DEVICE_BITS)
def test_padding_costs_little(variant, bits):
    packed = pack(random_columns(440, 128, bits), variant)
    assert len(packed.weights) <= 1.02 * 440 * 128 * bits / 8
    assert packed.columns.nbytes == 8 * 128
    assert COLUMN_TILE[variant] in (1, 4)


@pytest.mark.parametrize("bits", [3, 5, 6, 7])
def test_other_bit_widths_are_refused_with_a_hint(bits):
    with pytest.raises(QuantizationError, match="8, 4 or 2"):
        pack(random_columns(4, 4, bits), "reference")


def test_unknown_names_are_refused():
    with pytest.raises(QuantizationError, match="variants:"):
        pack(random_columns(4, 4, 8), "neon")


def test_weights_of_a_wrong_size_are_refused():
    packed = pack(random_columns(9, 5, 4), "mve")
    with pytest.raises(QuantizationError, match="weight bytes"):
        unpack(replace(packed, weights=packed.weights[:-1]))


def test_parameters_that_no_matrix_has_are_refused():
    packed = pack(random_columns(9, 1, 4), "reference")
    for place, word, problem in (
        (0, 0x0000_0001, "step"),
        (0, 0x0001_3C00, "bias"),
        (0, 0x0000_7C00, "step"),
        (1, 0x8000_0000, "offset"),
        (1, packed.columns[1] ^ 1, "sums"),
    ):
        words = packed.columns.copy()
        words[place] = word
        with pytest.raises((QuantizationError, ValueError), match=problem):
            unpack(replace(packed, columns=words))
