"""The operator inside the genuine TensorFlow Lite Micro of the pinned `tflite-micro` wheel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.export import encode_tflite
from pipeline.layers import Dense, Stream, logits
from tests.conftest import make_model, make_temporal_model
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


@pytest.mark.parametrize(
    ("bits", "shape"),
    [(8, {}), (4, {}), (2, {}), (2, {"channels": 13, "taps": 3, "dilation": 2, "pooling": 5, "labels": 3})],
)
def test_steps_of_a_temporal_network_are_bit_equal(
    wheel_operator: Path, tmp_path: Path, bits: int, shape: dict[str, int]
) -> None:
    model = make_temporal_model(bits, **shape)
    random = np.random.default_rng(bits)
    streams = np.clip(random.integers(-30, 31, (3, 60, 20)).cumsum(axis=1), -128, 127).astype(np.int8)
    expected, windows = [], []
    for rows in streams:
        stream = Stream(model)
        answers = [stream.push(rows[at : at + 2]) for at in range(0, 60, 2)]
        expected += [answer[-1] for answer in answers if answer is not None]
        seen = np.concatenate([np.zeros((1, 20), np.int8), rows])
        windows += [seen[at : at + 3].reshape(-1) for at in range(0, 60, 2)]
    ours = run_in_wheel(wheel_operator, encode_tflite(model), np.array(windows), tmp_path, reset_every=30)
    np.testing.assert_array_equal(ours.view(np.uint32), np.array(expected).view(np.uint32))


@pytest.mark.parametrize(
    ("layer", "change", "message"),
    [
        ("filter_0", {"taps": 0}, "DYNQ_FILTER: options: no such filter"),
        ("filter_0", {"dilation": 0}, "DYNQ_FILTER: options: no such filter"),
        ("filter_0", {"dilation": 65535}, "DYNQ_FILTER: options: no such filter"),
        ("filter_0", {"relu": 2}, "DYNQ_FILTER: options: no such filter"),
        (
            "filter_0",
            {"channels": 63},
            "DYNQ_FILTER: input 1 .taps.: not constant, 16-byte aligned int8 of the packed size",
        ),
        ("filter_0", {"taps": 4}, "DYNQ_FILTER: input 1 .taps.: not constant, 16-byte aligned int8 of the packed size"),
        ("mean", {"frames": 0}, "DYNQ_MEAN: options: no such mean"),
        ("mean", {"frames": 257}, "DYNQ_MEAN: options: no such mean"),
        ("mean", {"width": 65}, "DYNQ_MEAN: input 0 .features.: not computed"),
        ("add_0", {"relu": 2}, "DYNQ_ADD: options: no such sum"),
        ("add_0", {"width": 8}, "DYNQ_ADD: an input: not computed float32 of the length"),
    ],
)
def test_options_of_layers_over_time_that_do_not_fit_are_refused(
    wheel_operator: Path, tmp_path: Path, layer: str, change: dict[str, int], message: str
) -> None:
    model = make_temporal_model(blocks=1)
    options, changed = (
        next(x.operator.encode("reference", **(x.options() | change)) for x in model.layers if x.name == layer)
        for change in ({}, change)
    )
    file = encode_tflite(model)
    assert file.count(options) == 1
    with pytest.raises(Refused, match=message):
        run_in_wheel(wheel_operator, file.replace(options, changed), np.zeros((1, 60), np.int8), tmp_path)


_FEATURES = np.zeros((1, 80), np.int8)
