"""What a ``.tflite`` says about its model beside the graph, as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from pipeline.errors import ModelFileError
from pipeline.layers import QuantizedModel
from pipeline.quantization import InputQuantization

FORMAT_VERSION = 2
METADATA_NAME = "dynq"


def encode(model: QuantizedModel) -> bytes:
    """The model's metadata as JSON, without what the graph holds."""
    data = {
        "format_version": FORMAT_VERSION,
        "name": model.name,
        "labels": list(model.labels),
        "layers": [layer.name for layer in model.layers],
        "stride": model.stride,
        "input": asdict(model.input),
        "frontend": model.frontend.model_dump(),
        "detector": model.detector.model_dump(),
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


def input_quantization(values: Any) -> InputQuantization:
    """Rebuilds the input's quantization from its JSON object.

    Raises:
        ValueError: a field is missing, unknown or of another type.
    """
    if {name: type(value) for name, value in dict(values).items()} != {"scale": float, "zero_point": int}:
        raise ValueError(f"input quantization {values}")
    return InputQuantization(**values)
