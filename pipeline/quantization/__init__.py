"""The method: column quantizer, frame quantizer, one layer, a whole model, in numpy, exact (docs/method.md)."""

from pipeline.quantization.model import (
    InputQuantization,
    QuantizedLayer,
    QuantizedModel,
)
from pipeline.quantization.reference import (
    CANONICAL_NAN,
    MAX_INPUT,
    MAX_PARAMETER,
    MIN_RANGE,
    Frame,
    fully_connected,
    layer_outputs,
    logits,
    quantize_columns,
    quantize_frame,
    softmax,
)

__all__ = [
    "CANONICAL_NAN",
    "MAX_INPUT",
    "MAX_PARAMETER",
    "MIN_RANGE",
    "Frame",
    "InputQuantization",
    "QuantizedLayer",
    "QuantizedModel",
    "fully_connected",
    "layer_outputs",
    "logits",
    "quantize_columns",
    "quantize_frame",
    "softmax",
]
