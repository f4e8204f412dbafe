"""The same model as a ``.tflite`` of built-in float operators only, for any stock interpreter or viewer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from pipeline.export.clip_graph import ClipGraph
from pipeline.export.graph_values import Value
from pipeline.files import write_bytes
from pipeline.layers import Dense, Filter, Mean, QuantizedModel
from pipeline.quantization import LEVELS, MAX_ZERO, MIN_MAGNITUDE, OFFSET_UNIT, mean_share, sum_shift

f32 = np.float32

_SIGNIFICANT = 2.0**10
"""Numbers of 11 significant bits from one power of two to the next."""
_EXPONENTS = np.arange(-64, 65)
"""Of valid frames' magnitudes, after rounding."""
_LEAST_STEP = 2.0**-75
"""Below the step of any frame but a zero frame."""
_INTEGERS = 3 * 2.0**22
"""Around it float32 has integers only: adding it rounds half to even, once."""
_FEWEST_BITS_OF_A_STEP = 2.0**-7
"""The smallest step beside a window's largest with which a frame still counts."""


def write_reference_tflite(model: QuantizedModel, path: Path) -> Path:
    """Writes the reference graph of a model: int8 clips ``[1, inputs]`` in, float32 ``[1, labels]`` logits out.

    It runs a whole clip from reset at once: every layer sees the vectors of all steps, or of the last one where no
    layer keeps anything. It is docs/method.md formula by formula, with integers as float32 numbers. So the logits have
    the reference's bits, as long as all values are valid and no layer's sums reach 2**24, from where on float32 lacks
    integers. It is as large as a float model, and meant for comparison.
    """
    write_bytes(path, encode_reference_tflite(model))
    return path


def encode_reference_tflite(model: QuantizedModel) -> bytes:
    """The bytes that :func:`write_reference_tflite` writes."""
    return _ReferenceGraph(model, "reference graph of built-in operators").encode()


class _ReferenceGraph(ClipGraph):
    """Layers as formulas. Signals are real numbers, but for the features, which are codes."""

    def dense(self, x: Value, layer: Dense) -> Value:
        """``D + (z R >> f) + (C L >> 8)``, then ``(sx s) V + b``."""
        columns = layer.columns
        codes, zero, step = self._codes(x)
        products = self.product(codes, columns.codes)
        by_zero = (zero * (columns.sum * 2.0 ** -sum_shift(columns.bits))).floor()
        total = codes.sum()
        high = (total * (1 / OFFSET_UNIT)).floor()  # in halves, whose products have few enough bits
        by_low = ((total - high * OFFSET_UNIT) * (columns.offset / OFFSET_UNIT)).floor()
        integer = products + by_zero + (high * columns.offset + by_low)
        return step * columns.step * integer + columns.bias

    def filter(self, x: Value, layer: Filter) -> Value:
        return self._filtered(x, layer.filters.codes, layer.filters.step, layer.filters.bias, layer.dilation)

    def mean(self, x: Value, layer: Mean) -> Value:
        ones, zeros = np.ones((layer.frames, layer.width)), np.zeros(layer.width)
        return self._filtered(x, ones, mean_share(layer.frames) + zeros, zeros, 1)

    def _filtered(self, x: Value, taps: ArrayLike, step: ArrayLike, bias: ArrayLike, dilation: int) -> Value:
        """``(2^(E-7) s) V + b`` for integer taps ``[L, C]``, newest first; ``s`` and ``b`` are each channel's.

        The frames that a step sees are an image of ``L`` by 1, which a depthwise convolution of that size reduces to
        one point; the power of two is in the frames.
        """
        count, channels = np.shape(taps)
        integer = self.convolution(self._frames(x, count, dilation), taps, np.zeros(channels))
        scale = f32(self.model.input.scale if x is self.features else 1)
        return integer.reshape(self.steps, channels) * (scale * np.asarray(step, f32)) + bias

    def _codes(self, x: Value) -> tuple[Value, Value, Value]:
        """Codes ``c``, zeros ``z`` and steps ``sx`` of each vector, as a dense layer takes them."""
        if x is self.features:
            constant = self.sheet.constant
            return x, constant([[-self.model.input.zero_point]]), constant([[self.model.input.scale]])
        low, high = x.min(), x.max()
        magnitude = (-low).larger(high)
        step = _up11(((high - low) * (f32(1) / LEVELS)).larger(magnitude * (f32(1) / MAX_ZERO)))
        inverse = 1 / step.larger(_LEAST_STEP)
        zero = ((low * inverse + high * inverse) * 0.5).round()
        codes = (x * inverse + (_INTEGERS - zero)) - _INTEGERS
        return codes, zero, magnitude.at_least(MIN_MAGNITUDE).choose(step, 0.0)

    def _frames(self, x: Value, count: int, dilation: int) -> Value:
        """What a filter sees at each step, ``[steps, count, 1, C]``, oldest first: ``2^e (u - z)``, or 0 where a frame
        does not count beside the window's largest."""
        places = (np.arange(self.steps)[:, None] + dilation * np.arange(1 - count, 1)).reshape(-1)
        shape = self.steps, count, 1, x.shape[1]
        if x is self.features:
            return (x - self.model.input.zero_point).rows(places).reshape(*shape)
        step = self._power_of_two(x)
        values = (x / step.larger(_LEAST_STEP)).round() * step
        steps = step.rows(places).reshape(self.steps, count)
        counts = steps.at_least(steps.max() * _FEWEST_BITS_OF_A_STEP).choose(1.0, 0.0)
        return values.rows(places).reshape(*shape) * counts.reshape(self.steps, count, 1, 1)

    def _power_of_two(self, x: Value) -> Value:
        """``2^e`` of each vector, looked up; 0 of a zero frame."""
        low, high = x.min(), x.max()
        powers = np.exp2(_EXPONENTS)
        # from where on a magnitude is counted to the next power, for it would round beyond the last code
        reach_of_signed, reach_of_unsigned = (
            np.where(powers == MIN_MAGNITUDE, powers, powers * (1 - 2.0**-bits)) for bits in (8, 9)
        )
        unsigned = low.at_least(0.0)
        reached = (-low).larger(high).at_least(unsigned.choose(reach_of_unsigned, reach_of_signed))
        return reached.choose(powers * 2.0**-7, 0.0).max() * unsigned.choose(1.0, 2.0)


def _up11(x: Value) -> Value:
    """The smallest numbers of 11 significant bits that are not below ``x``; powers of two are looked up."""
    powers = np.exp2(np.arange(np.log2(_LEAST_STEP), _EXPONENTS[-1]))
    unit = x.at_least(powers).choose(powers, _LEAST_STEP).max() * (1 / _SIGNIFICANT)
    return (x / unit).ceil() * unit
