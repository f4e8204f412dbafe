"""The Keras layers of the method, one file a type."""

from pipeline.training.layers.base import DynqLayer
from pipeline.training.layers.dense import DynqDense
from pipeline.training.layers.quantizers import clip_columns, fake_quantize_columns, fake_quantize_frames

__all__ = ["DynqDense", "DynqLayer", "clip_columns", "fake_quantize_columns", "fake_quantize_frames"]
