"""What a ``.tflite`` says about its model beside the graph, as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any, TypeVar

from pipeline.errors import ModelFileError
from pipeline.quantization import Detector, FrontendSettings, InputQuantization, QuantizedModel

FORMAT_VERSION = 1
METADATA_NAME = "dynq"

_Section = TypeVar("_Section", Detector, FrontendSettings, InputQuantization)


def encode(model: QuantizedModel, packing: str) -> bytes:
    """The model's metadata as JSON, without the numbers that the graph holds."""
    data = {
        "format_version": FORMAT_VERSION,
        "name": model.name,
        "packing": packing,
        "labels": list(model.labels),
        "layers": [
            {
                "name": layer.name,
                "bits": layer.bits,
                "inputs": layer.inputs,
                "outputs": layer.outputs,
                "relu": layer.relu,
            }
            for layer in model.layers
        ],
        "input": asdict(model.input),
        "frontend": asdict(model.frontend),
        "detector": asdict(model.detector),
    }
    return json.dumps(data, ensure_ascii=True).encode()


def decode(data: bytes, where: str) -> dict[str, Any]:
    """Reads metadata and checks its version.

    Raises:
        ModelFileError: not an object of a format version that this code knows.
    """
    values = json.loads(data)
    version = values.get("format_version") if isinstance(values, dict) else None
    if version != FORMAT_VERSION:
        raise ModelFileError(
            f"{where} has format version {version}, this program reads {FORMAT_VERSION}",
            "export the model again, or use the program version that wrote it",
        )
    return dict(values)


def section(kind: type[_Section], values: Any) -> _Section:
    """Rebuilds one frozen dataclass from its JSON object; every field must be there, with a number of its own type.

    Raises:
        ValueError: a field is missing, unknown or of another type.
    """
    if set(values) != {f.name for f in fields(kind)}:
        raise ValueError(f"fields of {kind.__name__}: {sorted(values)}")
    for f in fields(kind):
        if type(values[f.name]).__name__ != f.type:
            raise ValueError(f"{kind.__name__}.{f.name} is {values[f.name]!r}")
    return kind(**values)
