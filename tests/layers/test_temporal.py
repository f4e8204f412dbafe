"""Layers that look back in time, and networks of them: shapes, files, and the same bits in numpy and in C."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline._native import compile_library, declarations
from pipeline.config import Frontend
from pipeline.errors import ModelFileError, QuantizationError
from pipeline.export import decode_tflite, encode_tflite, write_c_arrays
from pipeline.layers import Add, Dense, Filter, Layer, Mean, QuantizedModel, Stream, layer_outputs, logits
from pipeline.project import PROJECT
from pipeline.quantization import InputQuantization
from tests.conftest import make_temporal_model

INPUT = InputQuantization(0.046875, -20)
rng = np.random.default_rng(3)


def clips(model: QuantizedModel, count: int = 3) -> np.ndarray:
    """Clips of speech-like steadiness, and one that is silent, then as loud as can be, then silent."""
    steps = rng.integers(-30, 31, (count, model.inputs // 20, 20)).cumsum(axis=1)
    steps[-1] = -128
    steps[-1, 20:24] = 127
    return np.clip(steps, -128, 127).astype(np.int8).reshape(count, -1)


# ---- sizes of the default network, worked out by hand ----


@pytest.mark.parametrize(
    ("bits", "weights"),
    [
        (8, 64 * 60 + 4 * 64 * 64 + 8 * 64),
        (4, 64 * 30 + 4 * 64 * 32 + 8 * 32),
        (2, 64 * 15 + 4 * 64 * 16 + 8 * 16),
    ],
)
def test_sizes_of_the_default_network(bits: int, weights: int) -> None:
    model = make_temporal_model(bits)
    assert model.macs == 60 * 64 + 4 * (5 * 64 + 64 * 64) + 64 * 8 == 22_016
    assert model.weight_bytes == weights + 4 * 5 * 64
    assert model.parameter_bytes == 8 * (64 + 4 * 64 + 8) + 4 * 4 * 64 == 3_648
    assert model.quantized_bytes == {8: 25_664, 4: 15_296, 2: 10_112}[bits]
    assert model.float_bytes == 4 * (61 * 64 + 4 * (6 * 64 + 65 * 64) + 65 * 8) == 90_400
    # a ring is a word, 2 bytes a frame in words, and the codes: 5 frames in each filter, 12 in the mean
    assert model.state_bytes == 4 * (4 + 12 + 5 * 64) + (4 + 24 + 12 * 64) == 2_140
    assert model.bits == bits


def test_dilation_keeps_the_frames_between_too() -> None:
    layer = filter_of(16, taps=3, dilation=4)
    assert (layer.frames, layer.state_bytes) == (9, 4 + 20 + 9 * 16)
    assert filter_of(13, taps=3).state_bytes == 4 + 8 + 3 * 16


# ---- what is refused ----


def filter_of(channels: int, taps: int = 5, dilation: int = 1) -> Filter:
    weights = np.random.default_rng(channels).normal(size=(taps, channels))
    return Filter.quantized("filter", weights, weights[0], dilation=dilation)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: filter_of(8, taps=257), "257 taps for 8 channels"),
        (lambda: filter_of(8, dilation=0), "a dilation of 0"),
        (lambda: filter_of(512, taps=128), "keeps 65796 bytes"),
        (lambda: filter_of(64, taps=5, dilation=1000), "layer filter keeps"),
        (lambda: Filter.quantized("filter", np.full((2, 2), np.inf), np.zeros(2)), "layer filter: a weight"),
        (lambda: Mean("mean", 8, 257), "layer mean: a mean of 257 frames"),
        (lambda: Mean("mean", 0, 2), "a mean of 2 frames of 0"),
        (lambda: Mean("mean", 4096, 256), "keeps 1049092 bytes"),
        (lambda: Add("add", 8, 1), "1 layers back"),
        (lambda: Add("add", 5000, 2), "5000 values"),
    ],
)
def test_layers_that_no_device_runs_are_refused(make: Any, message: str) -> None:
    with pytest.raises(QuantizationError, match=message):
        make()


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ((Add("sum", 20, 2),), "sum reads further back"),
        ((filter_of(20), Add("sum", 20, 2)), "sum reads further back"),
        ((filter_of(20), Mean("mean", 20, 3), Add("sum", 20, 3)), "sum reads further back"),
        ((filter_of(20), Mean("mean", 21, 3)), "mean takes 21 inputs, filter gives 20"),
    ],
)
def test_networks_that_do_not_go_together_are_refused(layers: tuple[Layer, ...], message: str) -> None:
    with pytest.raises(QuantizationError, match=message):
        network(layers)


def network(layers: tuple[Layer, ...], stride: int = 1, frames: int = 12) -> QuantizedModel:
    labels = tuple(f"label{i}" for i in range(layers[-1].outputs))
    return QuantizedModel("n", layers, labels, INPUT, Frontend(bands=20, context_frames=frames), stride=stride)


# ---- files ----


@pytest.mark.parametrize("packing", ["reference", "scalar", "cortex_m4_dsp", "mve"])
def test_a_file_reads_back_bit_for_bit(packing: str) -> None:
    model = make_temporal_model(2, channels=13, blocks=2, taps=3, dilation=2, labels=3)
    data = encode_tflite(model, packing)
    read = decode_tflite(data)
    assert encode_tflite(read, packing) == data
    assert [(type(x), x.name, x.options(), x.sources) for x in read.layers] == [
        (type(x), x.name, x.options(), x.sources) for x in model.layers
    ]
    clip = clips(model, 1)
    assert logits(read, clip).tobytes() == logits(model, clip).tobytes()


def test_every_flipped_byte_of_a_file_is_noticed() -> None:
    data = encode_tflite(make_temporal_model(2, channels=4, blocks=1, pooling=2, labels=3))
    for at in range(0, len(data), 7):
        with pytest.raises(ModelFileError):
            decode_tflite(data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :])


@pytest.mark.parametrize("kind", [Filter, Mean, Add])
def test_options_that_no_layer_has_are_refused(kind: type[Layer]) -> None:
    layer: Layer = {Filter: filter_of(8), Mean: Mean("mean", 8, 3), Add: Add("add", 8, 2)}[kind]
    arrays = [constant.values.tobytes() for constant in layer.constants("reference").values()]
    again = kind.from_file("again", "reference", layer.options(), arrays)
    assert again.options() == layer.options()
    for name in layer.options():
        with pytest.raises((QuantizationError, ValueError)):
            kind.from_file("bad", "reference", layer.options() | {name: 60_000}, arrays)
    with pytest.raises((QuantizationError, ValueError)):
        kind.from_file("bad", "reference", layer.options(), [*arrays, b"more"])


# ---- time ----


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 30), st.integers(1, 6), st.integers(1, 4), st.integers(0, 99))
def test_a_filter_is_a_convolution_of_what_it_saw(channels: int, taps: int, dilation: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    weights, bias = random.normal(size=(taps, channels)), random.normal(size=channels)
    layer = Filter.quantized("filter", weights, bias, dilation=dilation)
    x = random.normal(size=(12, channels)).astype(np.float32)
    state = layer.initial_state()
    for t in range(len(x)):
        state, y = layer.step(state, x[t])
        seen = [x[t - i * dilation] if t >= i * dilation else 0 * x[0] for i in range(taps)]
        exact = (np.array(seen) * weights).sum(axis=0) + bias
        # half a step of a frame is at most 1/127 of its range, half a step of a tap 1/254 of the largest
        bound = np.abs(weights).sum(axis=0) * np.abs(x).max() / 100 + np.abs(bias) / 1000
        assert np.all(np.abs(y - exact) <= bound + np.abs(weights).max(axis=0) * np.abs(x).max() * taps / 250)


def test_a_mean_counts_what_lies_before_reset_as_zeros() -> None:
    layer = Mean("mean", 2, 4)
    state, outputs = layer.initial_state(), []
    for value in (8, 8, 8, 8, 8, -4):
        state, y = layer.step(state, np.array([value, 0], np.float32))
        outputs.append(y.tolist())
    assert outputs == [[2, 0], [4, 0], [6, 0], [8, 0], [8, 0], [5, 0]]


def test_a_sum_adds_and_keeps_nan() -> None:
    a, b = np.array([1, -2, np.nan], np.float32), np.array([2, 1, 1], np.float32)
    assert np.array_equal(Add("sum", 3, 2).step(None, a, b)[1], np.float32([3, -1, np.nan]), equal_nan=True)
    assert np.array_equal(Add("sum", 3, 2, relu=True).step(None, a, b)[1], np.float32([3, 0, np.nan]), equal_nan=True)


# ---- C ----

LIBRARY = PROJECT / "firmware" / "lib" / "dynq"


class Native:
    """A model's generated C with the portable kernels, on this machine."""

    def __init__(self, model: QuantizedModel, folder: Path) -> None:
        write_c_arrays(model, "reference", folder, source_hash="0" * 64)
        cdef = declarations(LIBRARY / "dynq_network.h") + "extern dynq_network_t kws_network;"
        sources = (folder / "kws_model.c", *sorted(LIBRARY.glob("*.c")))
        self._native = compile_library(
            "temporal", sources, cdef, include=(PROJECT / "firmware" / "app", LIBRARY.parent / "listener")
        )
        self._network = self._native.ffi.addressof(self._native.lib, "kws_network")
        self._sizes = [layer.outputs for layer in model.layers]

    def reset(self) -> None:
        self._native.lib.dynq_network_reset(self._network)

    def push(self, rows: np.ndarray) -> list[bytes] | None:
        """Outputs of all layers where a step is due after these rows."""
        ffi, lib, outputs = self._native.ffi, self._native.lib, []
        if not lib.dynq_network_push(self._network, ffi.from_buffer("int8_t[]", rows), len(rows)):
            return None
        for index, size in enumerate(self._sizes):
            lib.dynq_network_node(self._network, index)
            outputs.append(bytes(ffi.buffer(self._network.signals[index + 1].values, 4 * size)))
        return outputs


def first_filter() -> QuantizedModel:
    """A network whose first layer is a filter of the features themselves, on 2 rows every 3, and more of each type."""
    layers = (
        filter_of(40, taps=4, dilation=3),
        Filter.quantized("next", rng.normal(size=(1, 40)), rng.normal(size=40), relu=True),
        Add("twice", 40, 2),
        Mean("mean", 40, 5),
        Dense.quantized("logits", rng.normal(size=(40, 5)), rng.normal(size=5), 8),
    )
    return network(layers, stride=3, frames=18)


def first_mean() -> QuantizedModel:
    layers = (Mean("mean", 20, 7), Dense.quantized("logits", rng.normal(size=(20, 3)), np.zeros(3), 2))
    return network(layers, stride=1, frames=18)


MODELS = {
    "default": make_temporal_model(4),
    "odd": make_temporal_model(2, channels=13, blocks=2, taps=3, dilation=3, pooling=5, labels=3),
    "filter": first_filter(),
    "mean": first_mean(),
}


@pytest.mark.parametrize("name", MODELS)
def test_c_gives_the_bits_of_numpy_step_by_step_and_after_a_reset(name: str, tmp_path: Path) -> None:
    model = MODELS[name]
    native = Native(model, tmp_path)
    for clip in clips(model):
        native.reset()
        stream = Stream(model)
        for row in clip.reshape(-1, 1, 20)[:-1]:  # ends between two steps, where there are some
            c, numpy = native.push(row), stream.push(row)
            assert (c is None) == (numpy is None)
            assert numpy is None or c == [values.tobytes() for values in numpy]


@pytest.mark.parametrize("name", MODELS)
def test_a_clip_is_its_rows_in_any_pieces(name: str, tmp_path: Path) -> None:
    model = MODELS[name]
    native, clip = Native(model, tmp_path), clips(model)[0]
    whole = [values.tobytes() for values in layer_outputs(model, clip)]
    for _ in range(3):
        rows, answers = clip.reshape(-1, 20), []
        native.reset()
        stream = Stream(model)
        while len(rows):
            # no piece goes beyond a step
            at = rng.integers(1, model.stride - (len(clip) // 20 - len(rows)) % model.stride + 1)
            piece, rows = rows[:at], rows[at:]
            answers.append((native.push(piece), stream.push(piece)))
        c, numpy = answers[-1]
        assert numpy is not None
        assert c == [values.tobytes() for values in numpy] == whole


def test_an_invalid_frame_makes_all_invalid_until_it_is_out_of_sight(tmp_path: Path) -> None:
    """Weights near the largest there may be, four layers of them, drive a loud row out of the range of frames."""
    big = [Dense.quantized(f"big{i}", np.full((20, 20), 16_000.0), np.zeros(20), 8) for i in range(4)]
    taps = np.full((3, 20), 1.0)
    layers = (
        *big,
        Filter.quantized("filter", taps, np.zeros(20), relu=True),
        Add("sum", 20, 2, relu=True),
        Mean("mean", 20, 2),
        Dense.quantized("logits", np.eye(20)[:, :3], np.zeros(3), 8),
    )
    model = replace(network(layers, frames=12), input=InputQuantization(1.0, 0))
    rows = np.zeros((12, 20), np.int8)
    rows[2] = 127
    native, stream, nan = Native(model, tmp_path), Stream(model), []
    native.reset()
    for row in rows[:, None]:
        numpy = stream.push(row)
        assert numpy is not None
        assert native.push(row) == [values.tobytes() for values in numpy]
        nan.append([bool(np.isnan(values).all()) for values in numpy[4:]])
    # the filter sees a frame for 3 steps, the mean what comes of these for one more
    assert nan == [[False] * 4] * 2 + [[True] * 4] * 3 + [[False, False, True, True]] + [[False] * 4] * 6
