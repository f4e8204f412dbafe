"""The operator inside the genuine TensorFlow Lite Micro of the pinned `tflite-micro` wheel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from flatbuffers import flexbuffers

from pipeline.export import encode_tflite
from pipeline.export.options import operator_options
from pipeline.quantization import logits
from pipeline.quantization.packing import pack
from tests.conftest import make_model
from tests.tflm.wheel import Refused, run_in_wheel

SHAPES = [(), (33, 17), (128, 128, 128)]


@pytest.mark.parametrize("bits", [8, 4, 2])
@pytest.mark.parametrize("widths", SHAPES, ids=str)
def test_logits_are_bit_equal(wheel_operator: Path, tmp_path: Path, bits: int, widths: tuple[int, ...]) -> None:
    model = make_model(bits, widths=widths, frames=41)
    features = np.random.default_rng(bits).integers(-128, 128, (40, 820)).astype(np.int8)
    features[0], features[1] = 7, -128
    ours = run_in_wheel(wheel_operator, encode_tflite(model), features, tmp_path)
    np.testing.assert_array_equal(ours.view(np.uint32), logits(model, features).view(np.uint32))


@pytest.mark.parametrize(("packing", "message"), [("cortex_m4_dsp", "packing is for other kernels")])
def test_another_packing_is_refused(wheel_operator: Path, tmp_path: Path, packing: str, message: str) -> None:
    with pytest.raises(Refused, match=message):
        run_in_wheel(wheel_operator, encode_tflite(make_model(), packing), _FEATURES, tmp_path)


def test_every_flipped_byte_of_the_options_is_refused(wheel_operator: Path, tmp_path: Path) -> None:
    file = encode_tflite(make_model(4, widths=(), frames=1))
    options = operator_options(pack(make_model(4, widths=(), frames=1).layers[0], "reference"))
    start = file.index(options)
    random = np.random.default_rng(1)
    for at in random.choice(len(options), 12, replace=False):
        damaged = bytearray(file)
        damaged[start + at] ^= int(random.integers(1, 256))
        with pytest.raises(Refused, match="options"):
            run_in_wheel(wheel_operator, bytes(damaged), _FEATURES[:, :20], tmp_path)


def test_damaged_weights_are_refused(wheel_operator: Path, tmp_path: Path) -> None:
    model = make_model()
    file = bytearray(encode_tflite(model))
    weights = pack(model.layers[1], "reference").weights
    file[file.index(weights) + 100] ^= 1
    with pytest.raises(Refused, match="crc32 does not fit"):
        run_in_wheel(wheel_operator, bytes(file), _FEATURES, tmp_path)


def test_options_are_a_plain_flexbuffer_map() -> None:
    packed = pack(make_model(2).layers[0], "mve")
    values = flexbuffers.Loads(operator_options(packed))
    crc = values.pop("crc32")
    assert len(crc) == 4
    assert values == {"bits": 2, "inputs": 80, "outputs": 33, "packing": "mve", "relu": 1, "version": 1}


_FEATURES = np.zeros((1, 80), np.int8)
