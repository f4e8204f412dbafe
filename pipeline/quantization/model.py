"""What a quantized keyword spotter is: plain frozen data, without a way of its own to train, store or run."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipeline.config import MAX_WIDTH, Detector, Frontend
from pipeline.errors import QuantizationError


@dataclass(frozen=True)
class QuantizedLayer:
    """One fully-connected layer with a column-wise quantized weight matrix.

    Attributes:
        name: unique in its model, an identifier.
        bits: weight bits, 2..8.
        codes: uint8 ``[K inputs, N columns]``, 0 .. 2**bits - 1.
        scale: float32 ``[N]``, step of each column; 0 where the column is constant.
        offset: float32 ``[N]``, exact minimum of each column.
        bias: float32 ``[N]``, never -0.
        relu: whether negative outputs become 0.
    """

    name: str
    bits: int
    codes: NDArray[np.uint8]
    scale: NDArray[np.float32]
    offset: NDArray[np.float32]
    bias: NDArray[np.float32]
    relu: bool

    def __post_init__(self) -> None:
        if not 2 <= self.bits <= 8:
            raise QuantizationError(f"layer {self.name}: {self.bits} weight bits", "use 2 to 8 bits")
        if self.codes.ndim != 2 or self.codes.dtype != np.uint8:
            raise QuantizationError(f"layer {self.name}: codes must be a uint8 matrix")
        k, n = self.codes.shape
        if not (1 <= k <= MAX_WIDTH and 1 <= n <= MAX_WIDTH):
            raise QuantizationError(f"layer {self.name} is {k} x {n}", f"inputs and columns go from 1 to {MAX_WIDTH}")
        if int(self.codes.max()) >= 1 << self.bits:
            raise QuantizationError(f"layer {self.name}: a code needs more than {self.bits} bits")
        for what in ("scale", "offset", "bias"):
            values = getattr(self, what)
            if values.shape != (n,) or values.dtype != np.float32 or not np.all(np.isfinite(values)):
                raise QuantizationError(f"layer {self.name}: {what} must be {n} finite float32 values")

    @property
    def inputs(self) -> int:
        return int(self.codes.shape[0])

    @property
    def outputs(self) -> int:
        return int(self.codes.shape[1])

    @cached_property
    def column_sum(self) -> NDArray[np.float32]:
        """``B_j``, the sum of each column's dequantized weights, float32 ``[N]`` (docs/method.md)."""
        total = self.codes.sum(axis=0, dtype=np.int64).astype(np.float64)
        exact: NDArray[np.float64] = (
            float(self.inputs) * self.offset.astype(np.float64) + self.scale.astype(np.float64) * total
        )
        return exact.astype(np.float32)

    @property
    def weight_bytes(self) -> int:
        """Bytes of the codes, packed without padding, column by column."""
        return self.outputs * ((self.inputs * self.bits + 7) // 8)

    @property
    def parameter_bytes(self) -> int:
        """Bytes of scale, offset, column sum and bias."""
        return 16 * self.outputs


@dataclass(frozen=True)
class InputQuantization:
    """How an int8 feature ``u`` stands for a real number: ``x = scale * (u - zero_point)``."""

    scale: float
    zero_point: int


@dataclass(frozen=True)
class QuantizedModel:
    """A keyword spotter ready to be written to a file or run.

    Attributes:
        labels: one name per logit; ``_silence_`` and ``_unknown_`` are not keywords.
        activation_bits: bits of every frame's codes; only 8 runs on a device.
    """

    name: str
    layers: tuple[QuantizedLayer, ...]
    labels: tuple[str, ...]
    input: InputQuantization
    frontend: Frontend = field(default_factory=Frontend)
    detector: Detector = field(default_factory=Detector)
    activation_bits: int = 8

    def __post_init__(self) -> None:
        if not self.layers:
            raise QuantizationError(f"model {self.name} has no layers")
        for before, after in zip(self.layers, self.layers[1:], strict=False):
            if before.outputs != after.inputs:
                raise QuantizationError(
                    f"layer {after.name} takes {after.inputs} inputs, {before.name} gives {before.outputs}"
                )
        if self.layers[-1].outputs != len(self.labels):
            raise QuantizationError(f"{self.layers[-1].outputs} logits for {len(self.labels)} labels")
        if self.layers[0].inputs != self.frontend.inputs:
            raise QuantizationError(
                f"the first layer takes {self.layers[0].inputs} inputs, the front end gives {self.frontend.inputs}"
            )

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""
        return sum(layer.inputs * layer.outputs for layer in self.layers)

    @property
    def float_bytes(self) -> int:
        """Bytes of the same weights and biases as float32: the denominator of every memory figure."""
        return sum(4 * (layer.inputs * layer.outputs + layer.outputs) for layer in self.layers)

    @property
    def quantized_bytes(self) -> int:
        """Bytes of packed weights and all per-column parameters."""
        return sum(layer.weight_bytes + layer.parameter_bytes for layer in self.layers)
