"""The fully-connected layer: a column-wise quantized weight matrix over one vector, quantized as it comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from pipeline.config import MAX_WIDTH
from pipeline.errors import QuantizationError
from pipeline.layers.base import Constant, Floats, Layer, Signal, frames_of
from pipeline.layers.dense_layout import M4_STEP, m4_w2_block
from pipeline.layers.dense_packing import PackedColumns, pack, unpack
from pipeline.layers.options import OptionsLayout
from pipeline.quantization import Columns, dense, quantize_columns

if TYPE_CHECKING:
    from pipeline.export.clip_graph import ClipGraph
    from pipeline.export.graph_values import Value


@dataclass(frozen=True)
class Dense(Layer):
    """``y = x W + b``, then ReLU where asked.

    Attributes:
        columns: the quantized matrix ``[K inputs, N outputs]`` and its biases.
        relu: whether negative outputs become 0.
    """

    kind: ClassVar[str] = "dense"
    c_type: ClassVar[str] = "dynq_dense_t"
    operator: ClassVar[OptionsLayout] = OptionsLayout(
        "DYNQ_FULLY_CONNECTED",
        version=3,
        fields=(
            ("inputs", "H"),
            ("outputs", "H"),
            ("bits", "B"),
            ("relu", "B"),
        ),
    )

    columns: Columns
    relu: bool

    @classmethod
    def quantized(cls, name: str, weights: ArrayLike, bias: ArrayLike, bits: int, *, relu: bool = False) -> Self:
        """Quantizes float32 ``[K, N]`` and ``[N]`` column by column.

        Raises:
            QuantizationError: see ``quantize_columns``; the message names the layer.
        """
        try:
            return cls(name, quantize_columns(weights, bias, bits), relu)
        except QuantizationError as error:
            raise QuantizationError(f"layer {name}: {error.message}", error.hint) from None

    @property
    def inputs(self) -> int:
        return self.columns.inputs

    @property
    def outputs(self) -> int:
        return self.columns.outputs

    @property
    def bits(self) -> int:
        return self.columns.bits

    @property
    def macs(self) -> int:
        return self.inputs * self.outputs

    @property
    def weight_bytes(self) -> int:
        return self.outputs * ((self.inputs * self.bits + 7) // 8)

    @property
    def parameter_bytes(self) -> int:
        return 8 * self.outputs  # step, bias, sum and offset

    @property
    def float_bytes(self) -> int:
        return 4 * (self.inputs + 1) * self.outputs

    def step(self, state: Any, *signals: Signal) -> tuple[Any, Floats]:
        (x,) = signals
        return state, dense(self.columns, frames_of(x), relu=self.relu)

    def constants(self, variant: str) -> dict[str, Constant]:
        packed = pack(self.columns, variant)
        matrix = f"{self.inputs} inputs x {self.outputs} columns, {self.bits}-bit weight codes"
        return {
            "weights": Constant(np.frombuffer(packed.weights, np.uint8), matrix),
            "columns": Constant(packed.columns, f"step and bias, sum and offset of {self.outputs} columns"),
        }

    def options(self) -> dict[str, int]:
        return {"inputs": self.inputs, "outputs": self.outputs, "bits": self.bits, "relu": int(self.relu)}

    @classmethod
    def from_file(cls, name: str, variant: str, options: Mapping[str, int], constants: Sequence[bytes]) -> Self:
        if max(options["inputs"], options["outputs"]) > MAX_WIDTH or options["relu"] > 1:
            raise ValueError(f"layer {name}: {options}")
        weights, parameters = constants
        words = np.frombuffer(parameters, "<u4").astype(np.uint32)
        packed = PackedColumns(variant, weights, words, options["inputs"], options["outputs"], options["bits"])
        return cls(name, unpack(packed), bool(options["relu"]))

    def c_fields(self, arrays: Mapping[str, str]) -> dict[str, object]:
        return {**arrays, "inputs": self.inputs, "outputs": self.outputs, "relu": int(self.relu)}

    @property
    def c_step(self) -> str:
        return f"dynq_dense_w{self.bits}"

    @property
    def c_scratch(self) -> str:
        return f"DYNQ_DENSE_SCRATCH_BYTES({self.inputs})"

    def m4_loops(self, codes: bool) -> dict[str, int]:
        tiles, steps = -(-self.outputs // 4), -(-self.inputs // M4_STEP)
        blocks = steps
        if self.bits == 2:
            blocks, length = m4_w2_block(self.inputs)
            steps = blocks * length
        where = f"{self.kind} of {self.bits} bits, {'codes' if codes else 'floats'}: "
        loops = {
            "call": 1,
            "tile": tiles,
            "step of a tile": tiles * steps,
            "eight inputs": self.inputs // M4_STEP,
            "other inputs": int(self.inputs % M4_STEP > 0),
            "other columns": int(self.outputs % 4 > 0),
            "relu and range": int(self.relu),
        }
        if self.bits == 2:
            loops |= {"block": blocks, "block of a tile": tiles * blocks}
        return {where + name: count for name, count in loops.items()}

    @property
    def m4_scratch_bytes(self) -> int:
        blocks, steps = m4_w2_block(self.inputs)
        return blocks * (16 * steps + 4)

    def built_in(self, graph: ClipGraph, *signals: Value) -> Value:
        y = graph.dense(signals[0], self)
        return y.relu() if self.relu else y
