"""The project's model file: a ``.tflite`` whose layers are custom operators (docs/tflite.md), written and read back."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.config import MAX_WIDTH, Detector, Frontend
from pipeline.errors import ModelFileError, QuantizationError
from pipeline.export import metadata
from pipeline.export.graph import FILE_IDENTIFIER, Graph
from pipeline.export.options import FULLY_CONNECTED, operator_options
from pipeline.export.schema import schema
from pipeline.export.seal import seal, unseal
from pipeline.files import write_bytes
from pipeline.quantization import MAX_PARAMETER, QuantizedLayer, QuantizedModel
from pipeline.quantization.packing import PackedLayer, pack, unpack, unpack_parameters

MAX_FILE_BYTES = 64 << 20
"""Larger files are refused unread; the largest model of the method that fits a board is far below."""


def write_tflite(model: QuantizedModel, path: Path, *, packing: str = "reference") -> Path:
    """Writes a model as ``.tflite``; the same model and packing always give the same bytes.

    Args:
        packing: kernel variant whose weight layout the file holds. Any packing reads back to the same model; only an
            interpreter on a device needs the one of its own kernels.

    Raises:
        QuantizationError: a layer has a number of weight bits that no kernel packs, or activations are not 8 bits wide.
    """
    write_bytes(path, encode_tflite(model, packing))
    return path


def encode_tflite(model: QuantizedModel, packing: str = "reference") -> bytes:
    """The bytes that :func:`write_tflite` writes."""
    if model.activation_bits != 8:
        raise QuantizationError(
            f"model {model.name} has {model.activation_bits}-bit activations", "only 8-bit activations run on a device"
        )
    types = schema().TensorType
    graph = Graph(f"{model.name}: keyword spotter, column-wise quantized")
    features = graph.tensor(
        "features", [1, model.layers[0].inputs], types.INT8, scale=model.input.scale, zero_point=model.input.zero_point
    )
    x = features
    x_range: list[int] = []
    for index, layer in enumerate(model.layers):
        packed = pack(layer, packing)
        last = index == len(model.layers) - 1
        weights = graph.constant(f"{layer.name}/weights", np.frombuffer(packed.weights, np.uint8))
        columns = graph.constant(f"{layer.name}/columns", packed.columns)
        y = graph.tensor("logits" if last else f"{layer.name}/output", [1, layer.outputs], types.FLOAT32)
        y_range = [] if last else [graph.tensor(f"{layer.name}/output_range", [2], types.FLOAT32)]
        graph.custom(FULLY_CONNECTED.operator, [x, weights, columns, *x_range], [y, *y_range], operator_options(packed))
        x, x_range = y, y_range
    graph.metadata(metadata.METADATA_NAME, metadata.encode(model))
    return seal(graph.finish([features], [x]))


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
    return decode_tflite(data, str(path))


def decode_tflite(data: bytes, where: str = "model") -> QuantizedModel:
    """Decodes the bytes of a file; ``where`` names it in errors. See :func:`read_tflite`."""
    if data[4:8] != FILE_IDENTIFIER:
        raise ModelFileError(f"{where} is not a .tflite", "give a .tflite from this project's export stage")
    flatbuffer = unseal(data, where)
    try:
        return _decode(flatbuffer, where)
    # A sealed file with wrong contents was made on purpose. The flatbuffer reader follows its offsets unchecked and
    # fails in any of these ways.
    except (
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
    ) as error:
        raise ModelFileError(f"{where} is inconsistent: {error}", "export it again") from None


def _decode(data: bytes, where: str) -> QuantizedModel:
    model = schema().Model.GetRootAsModel(data, 0)
    values = metadata.decode(_metadata(model), where)
    graph = model.Subgraphs(0)
    names = [_text(name) for name in values["layers"]]
    if graph.OperatorsLength() != len(names):
        raise ValueError(f"{graph.OperatorsLength()} operators for {len(names)} layers")
    layers = tuple(_layer(model, graph, index, name) for index, name in enumerate(names))
    return QuantizedModel(
        name=_text(values["name"]),
        layers=layers,
        labels=tuple(_text(label) for label in values["labels"]),
        input=metadata.input_quantization(values["input"]),
        frontend=Frontend.model_validate(values["frontend"]),
        detector=Detector.model_validate(values["detector"]),
    )


def _metadata(model: Any) -> bytes:
    for index in range(model.MetadataLength()):
        entry = model.Metadata(index)
        if entry.Name() == metadata.METADATA_NAME.encode():
            return bytes(_buffer(model, entry.Buffer()))
    raise ValueError(f"no metadata {metadata.METADATA_NAME}")


def _layer(model: Any, graph: Any, index: int, name: str) -> QuantizedLayer:
    operator = graph.Operators(index)
    code = model.OperatorCodes(operator.OpcodeIndex())
    if code.CustomCode() != FULLY_CONNECTED.operator.encode():
        raise ValueError(f"operator {index} is not {FULLY_CONNECTED.operator}")
    packing, options = FULLY_CONNECTED.decode(bytes(operator.CustomOptionsAsNumpy()))
    if max(options["inputs"], options["outputs"]) > MAX_WIDTH or options["relu"] > 1:
        raise ValueError(f"layer {name}: {options}")
    if (options["rows"], options["stride"]) != (1, 1):
        raise ValueError(f"layer {name} takes {options['rows']} rows every {options['stride']}")
    weights, columns = (_buffer(model, graph.Tensors(operator.Inputs(i)).Buffer()) for i in (1, 2))
    packed = PackedLayer(
        variant=packing,
        weights=weights.tobytes(),
        columns=np.frombuffer(columns.tobytes(), "<f4").astype(np.float32),
        inputs=options["inputs"],
        outputs=options["outputs"],
        bits=options["bits"],
        relu=bool(options["relu"]),
    )
    scale, offset, column_sum, bias = unpack_parameters(packed)
    for what, numbers in (("scale", scale), ("offset", offset), ("bias", bias)):
        if not np.all(np.abs(numbers) < 2 * MAX_PARAMETER):  # a column's range reaches twice the largest weight
            raise ValueError(f"layer {name}: a {what} is out of range")
    layer = QuantizedLayer(name, packed.bits, unpack(packed), scale, offset, bias, packed.relu)
    if layer.column_sum.tobytes() != column_sum.tobytes():
        raise ValueError(f"layer {layer.name}: column sums do not belong to its codes")
    return layer


def _buffer(model: Any, index: int) -> NDArray[np.uint8]:
    if not 0 <= index < model.BuffersLength():
        raise IndexError(f"buffer {index}")
    return np.asarray(model.Buffers(index).DataAsNumpy(), np.uint8)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value
