"""Builds one-subgraph ``.tflite`` files from the schema's object API, with aligned buffers and repeatable bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flatbuffers
import numpy as np
from numpy.typing import NDArray

from pipeline.export.schema import schema

FILE_IDENTIFIER = b"TFL3"
BUFFER_ALIGNMENT = 16
"""Every buffer starts at a multiple of this in the file, so that kernels can read constants in place in flash."""


class Graph:
    """A model under construction. Tensors are known by the index that the adding method returns."""

    def __init__(self, description: str) -> None:
        s = schema()
        self._model = s.ModelT()
        self._model.version = 3
        self._model.description = description
        self._model.buffers = [s.BufferT()]  # buffer 0 is empty by convention
        self._model.operatorCodes = []
        self._model.metadata = []
        self._subgraph = s.SubGraphT()
        self._subgraph.name = "main"
        self._subgraph.tensors, self._subgraph.operators = [], []
        self._subgraph.inputs, self._subgraph.outputs = [], []
        self._model.subgraphs = [self._subgraph]
        self._codes: dict[tuple[int, str], int] = {}

    def tensor(
        self,
        name: str,
        shape: Sequence[int],
        tensor_type: int,
        data: NDArray[Any] | None = None,
        *,
        scale: float | None = None,
        zero_point: int = 0,
    ) -> int:
        """Adds a tensor; with ``data`` it is a constant, with ``scale`` it stands for ``scale * (q - zero_point)``."""
        s = schema()
        t = s.TensorT()
        t.name, t.shape, t.type, t.buffer = name, list(shape), tensor_type, 0
        if data is not None:
            t.buffer = self._buffer(np.ascontiguousarray(data).tobytes())
        if scale is not None:
            t.quantization = s.QuantizationParametersT()
            t.quantization.scale = np.array([scale], np.float32)
            t.quantization.zeroPoint = np.array([zero_point], np.int64)
        self._subgraph.tensors.append(t)
        return len(self._subgraph.tensors) - 1

    def constant(self, name: str, values: NDArray[Any]) -> int:
        """Adds a constant of numpy type float32, int32, uint32, uint8 or int8, in its own shape."""
        types = {"float32": "FLOAT32", "int32": "INT32", "uint32": "UINT32", "uint8": "UINT8", "int8": "INT8"}
        return self.tensor(name, values.shape, getattr(schema().TensorType, types[values.dtype.name]), values)

    def rename(self, tensor: int, name: str) -> None:
        """Gives a tensor another name."""
        self._subgraph.tensors[tensor].name = name

    def builtin(
        self,
        name: str,
        inputs: Sequence[int],
        outputs: Sequence[int],
        options_type: str = "",
        version: int = 1,
        **options: Any,
    ) -> None:
        """Adds a built-in operator, for example ``builtin("ADD", [a, b], [c], "AddOptions")``."""
        s = schema()
        op = self._operator(getattr(s.BuiltinOperator, name), "", version, inputs, outputs)
        if options_type:
            op.builtinOptionsType = getattr(s.BuiltinOptions, options_type)
            op.builtinOptions = getattr(s, options_type + "T")()
            for key, value in options.items():
                setattr(op.builtinOptions, key, value)

    def custom(self, name: str, inputs: Sequence[int], outputs: Sequence[int], options: bytes) -> None:
        """Adds a custom operator with its options, in a format of its own."""
        s = schema()
        op = self._operator(s.BuiltinOperator.CUSTOM, name, 1, inputs, outputs)
        op.customOptions = np.frombuffer(options, np.uint8)

    def metadata(self, name: str, data: bytes) -> None:
        """Adds a named buffer that runtimes ignore."""
        entry = schema().MetadataT()
        entry.name, entry.buffer = name, self._buffer(data)
        self._model.metadata.append(entry)

    def finish(self, inputs: Sequence[int], outputs: Sequence[int]) -> bytes:
        """Names the graph's inputs and outputs and returns the file's bytes."""
        self._subgraph.inputs, self._subgraph.outputs = list(inputs), list(outputs)
        builder = flatbuffers.Builder(1 << 16)
        builder.Finish(self._model.Pack(builder), file_identifier=FILE_IDENTIFIER)
        return bytes(builder.Output())

    def _buffer(self, data: bytes) -> int:
        self._model.buffers.append(_AlignedBuffer(data))
        return len(self._model.buffers) - 1

    def _operator(self, code: int, custom: str, version: int, inputs: Sequence[int], outputs: Sequence[int]) -> Any:
        s = schema()
        if (code, custom) not in self._codes:
            entry = s.OperatorCodeT()
            entry.builtinCode, entry.version = code, version
            # The old one-byte field; codes above 127 do not fit and are marked by this placeholder.
            entry.deprecatedBuiltinCode = min(code, s.BuiltinOperator.PLACEHOLDER_FOR_GREATER_OP_CODES)
            entry.customCode = custom or None
            self._model.operatorCodes.append(entry)
            self._codes[code, custom] = len(self._model.operatorCodes) - 1
        op = s.OperatorT()
        op.opcodeIndex = self._codes[code, custom]
        op.inputs, op.outputs = list(inputs), list(outputs)
        self._subgraph.operators.append(op)
        return op


class _AlignedBuffer:
    """Packs a buffer's bytes at a multiple of BUFFER_ALIGNMENT; the object API would align them to one byte."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def Pack(self, builder: Any) -> int:
        s = schema()
        builder.StartVector(1, len(self._data), BUFFER_ALIGNMENT)
        builder.head -= len(self._data)
        builder.Bytes[builder.head : builder.head + len(self._data)] = self._data
        vector = builder.EndVector()
        s.BufferStart(builder)
        s.BufferAddData(builder, vector)
        return int(s.BufferEnd(builder))
