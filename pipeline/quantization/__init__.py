"""The method on plain arrays, in numpy, exact: column quantizer, frame quantizer, matrix product (docs/method.md)."""

from pipeline.quantization.reference import (
    CANONICAL_NAN,
    MAX_INPUT,
    MAX_PARAMETER,
    MIN_RANGE,
    Columns,
    Frame,
    InputQuantization,
    feature_frame,
    fully_connected,
    quantize_columns,
    quantize_frame,
    softmax,
)

__all__ = [
    "CANONICAL_NAN",
    "MAX_INPUT",
    "MAX_PARAMETER",
    "MIN_RANGE",
    "Columns",
    "Frame",
    "InputQuantization",
    "feature_frame",
    "fully_connected",
    "quantize_columns",
    "quantize_frame",
    "softmax",
]
