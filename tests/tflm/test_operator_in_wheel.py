"""The operator inside the genuine TensorFlow Lite Micro of the pinned `tflite-micro` wheel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.export import encode_tflite
from pipeline.layers import Dense, logits
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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bits": 3}, "no kernel for these bits"),
        ({"inputs": 0}, "no kernel for these bits, inputs and outputs"),
        ({"inputs": 79}, "input 0 .features.: not computed int8 or float32 of the length"),
        ({"outputs": 32}, "input 1 .weights.: not constant, 16-byte aligned uint8 of the packed size"),
        ({"relu": 2}, "relu is neither 0 nor 1"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    wheel_operator: Path, tmp_path: Path, change: dict[str, int], message: str
) -> None:
    model = make_model()
    options = model.layers[0].encoded_options("reference")
    packing, values = Dense.operator.decode(options)
    file = encode_tflite(model).replace(options, Dense.operator.encode(packing, **(values | change)))
    with pytest.raises(Refused, match=message):
        run_in_wheel(wheel_operator, file, _FEATURES, tmp_path)


_FEATURES = np.zeros((1, 80), np.int8)
