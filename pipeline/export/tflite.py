"""The project's model file: a ``.tflite`` whose layers are custom operators (docs/tflite.md), written and read back."""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ModelFileError, QuantizationError
from pipeline.export import metadata
from pipeline.export.graph import FILE_IDENTIFIER, Graph
from pipeline.export.op_resolver import operators
from pipeline.export.schema import schema
from pipeline.export.seal import seal, unseal
from pipeline.files import write_bytes
from pipeline.layers import KINDS, MODEL_INPUT, Layer, QuantizedModel
from pipeline.quantization import InputQuantization

MAX_FILE_BYTES = 64 << 20
"""Larger files are refused unread; the largest model of the method that fits a board is far below."""

_UNREADABLE = (
    struct.error,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    AttributeError,
    OverflowError,
    AssertionError,
    RecursionError,
    QuantizationError,
)
"""The flatbuffer reader follows its offsets unchecked, and fails in any of these ways."""


def write_tflite(model: QuantizedModel, path: Path, *, packing: str = "reference") -> Path:
    """Writes a model as ``.tflite``; the same model and packing always give the same bytes.

    Args:
        packing: kernel variant whose weight layout the file holds. Any packing reads back to the same model; only an
            interpreter on a device needs the one of its own kernels.

    Raises:
        QuantizationError: a layer has a number of weight bits that no kernel packs.
    """
    write_bytes(path, encode_tflite(model, packing))
    return path


def encode_tflite(model: QuantizedModel, packing: str = "reference") -> bytes:
    """The bytes that :func:`write_tflite` writes."""
    types = schema().TensorType
    graph = Graph(f"{model.name}: keyword spotter, column-wise quantized")
    features = graph.tensor(
        "features", [1, model.window], types.INT8, scale=model.input.scale, zero_point=model.input.zero_point
    )
    signals, ranges = {MODEL_INPUT: features}, dict[int, int]()
    last = len(model.layers) - 1
    for index, layer in enumerate(model.layers):
        sources = model.sources(index)
        constants = [graph.constant(f"{layer.name}/{n}", c.values) for n, c in layer.constants(packing).items()]
        read = [ranges[s] for s in sources if s in ranges and layer.reads_range]
        inputs = [*(signals[s] for s in sources), *constants, *read]
        name = "logits" if index == last else f"{layer.name}/output"
        signals[index] = graph.tensor(name, [1, layer.outputs], types.FLOAT32)
        if model.is_ranged(index):
            ranges[index] = graph.tensor(f"{layer.name}/output_range", [2], types.FLOAT32)
        outputs = [table[index] for table in (signals, ranges) if index in table]
        graph.custom(layer.operator.name, inputs, outputs, layer.encoded_options(packing))
    graph.metadata(metadata.METADATA_NAME, metadata.encode(model))
    return seal(graph.finish([features], [signals[last]]))


def read_tflite(path: Path) -> QuantizedModel:
    """Reads a model back, bit for bit as it was written.

    Raises:
        ModelFileError: the file is missing, not a ``.tflite``, not one of ours, cut off or changed by even one bit.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ModelFileError(f"{path} is larger than {MAX_FILE_BYTES} bytes", "give a .tflite of a keyword spotter")
        data = path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"cannot read {path}: {error.strerror}", "give a .tflite from the export stage") from None
    try:
        return decode_tflite(data, str(path))
    except ModelFileError:
        name = _float_network(data)
        if name is None:
            raise
        beside = sorted(map(str, path.parent.glob(f"{name}_*bit.tflite"))) or [f"{name}_4bit.tflite"]
        raise ModelFileError(
            f"{path} is a float network, there to compare with", f"give the quantized one: {' or '.join(beside)}"
        ) from None


def decode_tflite(data: bytes, where: str = "model") -> QuantizedModel:
    """Decodes the bytes of a file; ``where`` names it in errors. See :func:`read_tflite`."""
    if data[4:8] != FILE_IDENTIFIER:
        raise ModelFileError(f"{where} is not a .tflite", "give a .tflite from this project's export stage")
    try:
        flatbuffer = unseal(data, where)
    except ModelFileError:
        if _has_built_in_operators(data):
            raise ModelFileError(
                f"{where} is made of TensorFlow Lite's own operators",
                "a reference graph is for other tools; give the .tflite of custom operators that it belongs to",
            ) from None
        raise
    try:
        return _decode(flatbuffer, where)
    except _UNREADABLE as error:  # a sealed file with wrong contents was made on purpose
        raise ModelFileError(f"{where} is inconsistent: {error}", "export it again") from None


def _float_network(data: bytes) -> str | None:
    """The name that a float network has in its metadata; None of any other file."""
    with suppress(ModelFileError, *_UNREADABLE):
        if _has_built_in_operators(data):
            return metadata.decode(_metadata(schema().Model.GetRootAsModel(data, 0)), "").name
    return None


def _has_built_in_operators(data: bytes) -> bool:
    with suppress(ModelFileError, UnicodeDecodeError):
        return any(hasattr(schema().BuiltinOperator, name) for name in operators(data))
    return False


def _decode(data: bytes, where: str) -> QuantizedModel:
    model = schema().Model.GetRootAsModel(data, 0)
    values = metadata.decode(_metadata(model), where)
    graph = model.Subgraphs(0)
    if graph.OperatorsLength() != len(values.layers):
        raise ValueError(f"{graph.OperatorsLength()} operators for {len(values.layers)} layers")
    return QuantizedModel(
        name=values.name,
        layers=tuple(_layer(model, graph, index, name) for index, name in enumerate(values.layers)),
        labels=values.labels,
        input=InputQuantization(values.input.scale, values.input.zero_point),
        frontend=values.frontend,
        detector=values.detector,
        stride=values.stride,
    )


def _metadata(model: Any) -> bytes:
    for index in range(model.MetadataLength()):
        entry = model.Metadata(index)
        if entry.Name() == metadata.METADATA_NAME.encode():
            return bytes(_buffer(model, entry.Buffer()))
    raise ValueError(f"no metadata {metadata.METADATA_NAME}")


def _layer(model: Any, graph: Any, index: int, name: str) -> Layer:
    operator = graph.Operators(index)
    code = model.OperatorCodes(operator.OpcodeIndex()).CustomCode()
    kind = next((kind for kind in KINDS.values() if kind.operator.name.encode() == code), None)
    if kind is None:
        raise ValueError(f"operator {index} is {code}")
    buffers = [graph.Tensors(operator.Inputs(i)).Buffer() for i in range(operator.InputsLength())]
    constants = [_buffer(model, buffer).tobytes() for buffer in buffers if buffer]
    packing, options = kind.operator.decode(bytes(operator.CustomOptionsAsNumpy()))
    layer = kind.from_file(name, packing, options, constants)
    sources = tuple(index - _producer(graph, operator.Inputs(i)) for i in range(len(layer.sources)))
    if sources != layer.sources:
        raise ValueError(f"layer {layer.name} reads other signals than its own")
    return layer


def _producer(graph: Any, tensor: int) -> int:
    """Number of the layer whose output a tensor is."""
    found = (i for i in range(graph.OperatorsLength()) if graph.Operators(i).Outputs(0) == tensor)
    return next(found, MODEL_INPUT)


def _buffer(model: Any, index: int) -> NDArray[np.uint8]:
    if not 0 <= index < model.BuffersLength():
        raise IndexError(f"buffer {index}")
    return np.asarray(model.Buffers(index).DataAsNumpy(), np.uint8)
