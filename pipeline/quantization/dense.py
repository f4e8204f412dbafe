"""One dense layer of docs/method.md on quantized frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.quantization.columns import OFFSET_UNIT, Columns, sum_shift
from pipeline.quantization.frames import CANONICAL_NAN, Floats, Frames, f32
from pipeline.quantization.half import Halves


def dense(columns: Columns, frames: Frames, *, relu: bool = False) -> Floats:
    """``y = W^T x + b`` of frames ``[.., K]``: float32 ``[.., N]``."""
    # products of integers in float64 are exact: all sums stay far below 2**53
    dot = frames.codes.astype(np.float64) @ columns.codes.astype(np.float64)
    code_sum = frames.codes.sum(axis=-1, dtype=np.int64)[..., None]
    by_zero = (frames.zero.astype(np.int64)[..., None] * columns.sum) >> sum_shift(columns.bits)
    by_offset = (code_sum * columns.offset) // OFFSET_UNIT
    y = affine(dot.astype(np.int64) + by_zero + by_offset, frames.step, columns.step, columns.bias)
    return finish(y, frames.valid, relu=relu)


def affine(total: NDArray[np.int64], unit: Floats, step: Halves, bias: Halves) -> Floats:
    """``(unit * step) * total + bias`` in float32: integers ``[.., N]`` to ``[.., N]``."""
    # integers below 2**31 convert to float32 with one rounding; the product of unit and step is exact
    return (unit[..., None] * step.astype(f32)) * total.astype(f32) + bias.astype(f32)


def finish(y: Floats, valid: NDArray[np.bool_], *, relu: bool) -> Floats:
    """ReLU where asked, and the canonical NaN where an input was invalid."""
    y = np.where(y < 0, f32(0), y) if relu else y
    return np.where(valid[..., None], y, CANONICAL_NAN)
