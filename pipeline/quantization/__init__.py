"""The method on plain arrays, in numpy, exact (docs/method.md): quantizers of weights and frames, and layers.

Every other implementation is held to these bits.
"""

from pipeline.quantization.columns import OFFSET_UNIT, PARAMETER_BOUND, Columns, quantize_columns, sum_shift
from pipeline.quantization.dense import dense
from pipeline.quantization.frames import (
    CANONICAL_NAN,
    LEVELS,
    MAX_MAGNITUDE,
    MAX_ZERO,
    MIN_MAGNITUDE,
    Frames,
    History,
    InputQuantization,
    aligned,
    empty_history,
    feature_frames,
    feature_history,
    quantize_frames,
    quantize_history,
)
from pipeline.quantization.softmax import softmax
from pipeline.quantization.temporal import MAX_TAPS, Filters, add, filter_step, mean_share, mean_step, quantize_filters

__all__ = [
    "CANONICAL_NAN",
    "LEVELS",
    "MAX_MAGNITUDE",
    "MAX_TAPS",
    "MAX_ZERO",
    "MIN_MAGNITUDE",
    "OFFSET_UNIT",
    "PARAMETER_BOUND",
    "Columns",
    "Filters",
    "Frames",
    "History",
    "InputQuantization",
    "add",
    "aligned",
    "dense",
    "empty_history",
    "feature_frames",
    "feature_history",
    "filter_step",
    "mean_share",
    "mean_step",
    "quantize_columns",
    "quantize_filters",
    "quantize_frames",
    "quantize_history",
    "softmax",
    "sum_shift",
]
