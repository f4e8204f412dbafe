"""The Keras layers of the method, one file a type."""

from pipeline.training.layers.add import DynqAdd
from pipeline.training.layers.base import DynqLayer
from pipeline.training.layers.dense import DynqDense
from pipeline.training.layers.filter import TAP_BITS, DynqFilter
from pipeline.training.layers.mean import DynqMean
from pipeline.training.layers.quantizers import (
    clip_columns,
    fake_quantize_columns,
    fake_quantize_frames,
    fake_quantize_history,
    fake_quantize_taps,
)
from pipeline.training.layers.rows import ClipRows

__all__ = [
    "TAP_BITS",
    "ClipRows",
    "DynqAdd",
    "DynqDense",
    "DynqFilter",
    "DynqLayer",
    "DynqMean",
    "clip_columns",
    "fake_quantize_columns",
    "fake_quantize_frames",
    "fake_quantize_history",
    "fake_quantize_taps",
]
