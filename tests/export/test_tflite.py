from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import ModelFileError, QuantizationError
from pipeline.export import decode_tflite, encode_tflite, read_tflite, write_reference_tflite, write_tflite
from pipeline.export.graph import BUFFER_ALIGNMENT
from pipeline.export.schema import schema
from pipeline.export.seal import seal, unseal
from pipeline.layers import Dense
from pipeline.layers.dense_layout import VARIANTS
from tests.conftest import make_model
from tests.export.models import assert_same_model, models


@given(model=models(), packing=st.sampled_from(VARIANTS))
@settings(max_examples=60, deadline=None)
def test_a_model_comes_back_bit_for_bit(model, packing) -> None:
    assert_same_model(model, decode_tflite(encode_tflite(model, packing)))


def test_the_same_model_gives_the_same_file(tmp_path: Path) -> None:
    first = write_tflite(make_model(), tmp_path / "a.tflite").read_bytes()
    again = write_tflite(read_tflite(tmp_path / "a.tflite"), tmp_path / "b.tflite").read_bytes()
    assert first == again


@pytest.mark.parametrize("packing", VARIANTS)
def test_buffers_are_aligned_for_kernels_that_read_them_in_place(packing: str) -> None:
    data = encode_tflite(make_model(2), packing)
    model = schema().Model.GetRootAsModel(data, 0)
    whole = np.frombuffer(data, np.uint8)
    aligned = 0
    for index in range(1, model.BuffersLength()):
        buffer = model.Buffers(index).DataAsNumpy()
        offset = buffer.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
        assert offset % BUFFER_ALIGNMENT == 0
        aligned += 1
    assert aligned == 3 * 2 + 1  # weights and columns of three layers, and the metadata


def test_input_carries_its_quantization() -> None:
    model = make_model()
    tensor = schema().Model.GetRootAsModel(encode_tflite(model), 0).Subgraphs(0).Tensors(0)
    assert tensor.Type() == schema().TensorType.INT8
    assert tensor.ShapeAsNumpy().tolist() == [1, model.inputs]
    assert tensor.Quantization().Scale(0) == np.float32(model.input.scale)
    assert tensor.Quantization().ZeroPoint(0) == model.input.zero_point


def test_only_what_a_device_can_run_is_written(tmp_path: Path) -> None:
    with pytest.raises(QuantizationError, match="3-bit"):
        write_tflite(make_model(3), tmp_path / "m.tflite")
    assert not list(tmp_path.iterdir())


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_no_damage_goes_unnoticed(data: st.DataObject) -> None:
    file = bytearray(_FILE)
    kind = data.draw(st.sampled_from(("flip", "cut", "insert", "drop")))
    at = data.draw(st.integers(0, len(file) - 1))
    if kind == "flip":
        file[at] ^= data.draw(st.integers(1, 255))
    elif kind == "cut":
        del file[at:]
    elif kind == "insert":
        file[at:at] = data.draw(st.binary(min_size=1, max_size=64))
    else:
        del file[at : at + data.draw(st.integers(1, 64))]
    if bytes(file) != _FILE:
        with pytest.raises(ModelFileError) as error:
            decode_tflite(bytes(file))
        assert error.value.hint


@given(data=st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_sealed_file_with_wrong_contents_gives_a_typed_error_or_a_model(data: st.DataObject) -> None:
    file = bytearray(unseal(_FILE, "file"))
    for _ in range(data.draw(st.integers(1, 4))):
        file[data.draw(st.integers(0, len(file) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        model = decode_tflite(seal(bytes(file)))
    except ModelFileError:
        return
    assert model.layers[0].inputs == model.frontend.inputs


@given(st.binary(max_size=400))
def test_foreign_bytes_are_refused(data: bytes) -> None:
    for file in (data, b"\x1c\0\0\0TFL3" + data, seal(b"\x1c\0\0\0TFL3" + data)):
        with pytest.raises(ModelFileError):
            decode_tflite(file)


def test_messages_say_what_is_wrong(tmp_path: Path) -> None:
    for name, content, message in (
        ("none.tflite", None, "No such file"),
        ("text.tflite", b"hello", "is not a .tflite"),
        ("cut.tflite", _FILE[:-20], "cut off"),
        ("damaged.tflite", _FILE[:2000] + b"?" + _FILE[2001:], "damaged"),
    ):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(ModelFileError, match=message) as error:
            read_tflite(tmp_path / name)
        assert name in error.value.message or message == "No such file"
        assert error.value.hint
    with pytest.raises(ModelFileError, match=r"reference\.tflite is made of TensorFlow Lite's own operators"):
        read_tflite(write_reference_tflite(make_model(), tmp_path / "reference.tflite"))
    with pytest.raises(ModelFileError):
        read_tflite(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b'"bands": 20', b'"bands": 99', "frontend.bands: Input should be less than or equal to 40"),
        (b'"hop_samples"', b'"hop_sampled"', "frontend.hop_sampled: Extra inputs are not permitted"),
        (b'"threshold": 0.8', b'"threshold": "0"', "detector.threshold: Input should be a valid number"),
        (b'"hop_samples": 160', b'"hop_samples": 0  ', "frontend.hop_samples: Input should be greater"),
        (b'"context_stride": 3', b'"context_stride": 0', "frontend.context_stride: Input should be greater"),
        (b'"context_frames": 4, ', b'"context_frames":1e9,', "frontend.context_frames"),
        (b'"random"', b'"x[/]yz"', "name: Value error, letters"),
        (b'"random"', b'"\\ud800"', "Invalid JSON"),
        (b'"word0"', b'"$\\\\f$"', "labels.2: Value error, letters"),
        (b'"format_version": 2', b'"format_version": 9', "has format version 9"),
    ],
)
def test_settings_that_cannot_be_are_named(old: bytes, new: bytes, message: str) -> None:
    contents = bytes(unseal(_FILE, "model"))
    assert contents.count(old) == 1
    with pytest.raises(ModelFileError, match=re.escape(message)):
        decode_tflite(seal(contents.replace(old, new)))


def test_parameters_out_of_bounds_are_refused() -> None:
    model = make_model()
    layer = Dense.quantized("dense_0", np.zeros((80, 33), np.float32), np.zeros(33), 4, relu=True)
    object.__setattr__(layer.columns, "offset", np.full(33, -32768, np.int16))
    object.__setattr__(model, "layers", (layer, *model.layers[1:]))
    with pytest.raises(ModelFileError, match="out of range"):
        decode_tflite(encode_tflite(model))


_FILE = encode_tflite(make_model())
