"""What a ``.tflite`` says about its model beside the graph, as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any

from pydantic import AfterValidator, ValidationError

from pipeline.config import Detector, Frontend, Settings
from pipeline.errors import ModelFileError
from pipeline.layers import QuantizedModel

FORMAT_VERSION = 2
METADATA_NAME = "dynq"


def _plain(name: str) -> str:
    if not name.replace("_", "").isalnum():
        raise ValueError("letters, digits and underscores only")
    return name


Name = Annotated[str, AfterValidator(_plain)]
"""Of a model, a label or a layer: letters of any script, digits and underscores, which need no quoting anywhere."""


class Input(Settings):
    """See ``InputQuantization``."""

    scale: float
    zero_point: int


class Metadata(Settings):
    """All that the graph does not hold; ``layers`` are their names."""

    format_version: int
    name: Name
    labels: tuple[Name, ...]
    layers: tuple[Name, ...]
    stride: int
    input: Input
    frontend: Frontend
    detector: Detector


def encode(model: QuantizedModel) -> bytes:
    """The model's metadata."""
    data = Metadata(
        format_version=FORMAT_VERSION,
        name=model.name,
        labels=model.labels,
        layers=tuple(layer.name for layer in model.layers),
        stride=model.stride,
        input=Input(**asdict(model.input)),
        frontend=model.frontend,
        detector=model.detector,
    )
    return json.dumps(data.model_dump(mode="json"), ensure_ascii=True).encode()


def decode(data: bytes, where: str) -> Metadata:
    """Reads metadata and checks its version.

    Raises:
        ModelFileError: a format version that this code does not know.
        ValueError: no JSON, or a value that is missing, unknown or out of range.
    """
    values: Any = json.loads(data)
    version = values.get("format_version") if isinstance(values, dict) else None
    if version != FORMAT_VERSION:
        raise ModelFileError(
            f"{where} has format version {version}, this program reads {FORMAT_VERSION}",
            "export the model again, or use the program version that wrote it",
        )
    try:
        return Metadata.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
