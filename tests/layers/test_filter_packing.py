from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import QuantizationError
from pipeline.layers.dense_layout import VARIANTS
from pipeline.layers.filter_packing import pack_filters, unpack_filters
from pipeline.quantization import Filters, quantize_filters


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(VARIANTS), st.integers(1, 40), st.integers(1, 30), st.integers(0, 99))
def test_unpacking_gives_back_every_tap_and_parameter(variant, taps, channels, seed):
    rng = np.random.default_rng(seed)
    filters = quantize_filters(rng.normal(size=(taps, channels)), rng.normal(size=channels))
    unpacked = unpack_filters(pack_filters(filters, variant))
    for what in ("codes", "step", "bias"):
        np.testing.assert_array_equal(getattr(unpacked, what), getattr(filters, what))


def test_groups_of_channels_hold_their_taps_newest_first():
    codes = np.arange(10, dtype=np.int8).reshape(2, 5)
    filters = Filters(codes, np.ones(5, np.float16), np.zeros(5, np.float16))
    packed = pack_filters(filters, "scalar")
    assert packed.taps == bytes([0, 1, 2, 3, 5, 6, 7, 8, 4, 0, 0, 0, 9, 0, 0, 0])
    assert packed.parameters.tolist() == [0x3C00] * 5 + [0] * 3


def test_what_no_filter_has_is_refused():
    packed = pack_filters(quantize_filters(np.ones((3, 5)), np.zeros(5)), "mve")
    with pytest.raises(ValueError, match="reshape"):
        unpack_filters(replace(packed, taps=packed.taps[:-1]))
    with pytest.raises(ValueError, match="bytes of taps"):
        unpack_filters(replace(packed, channels=9))
    with pytest.raises(QuantizationError, match="8 bits"):
        unpack_filters(replace(packed, taps=b"\x80" + packed.taps[1:]))
    with pytest.raises(QuantizationError, match="step"):
        unpack_filters(replace(packed, parameters=packed.parameters * np.uint32(0)))
