"""The filter over time: for every channel, a weighted sum of what it was at this step and at earlier ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from pipeline.errors import QuantizationError
from pipeline.layers.base import Constant, Floats, Layer, Signal
from pipeline.layers.filter_packing import PackedFilters, pack_filters, unpack_filters
from pipeline.layers.history import (
    check_state,
    history_bytes,
    history_of,
    m4_window_bytes,
    m4_window_loops,
    pushed,
    some,
)
from pipeline.layers.options import OptionsLayout
from pipeline.quantization import Filters, History, empty_history, filter_step, quantize_filters

if TYPE_CHECKING:
    from pipeline.export.clip_graph import ClipGraph
    from pipeline.export.graph_values import Value


@dataclass(frozen=True)
class Filter(Layer):
    """``y_t = sum_i taps[i] x_(t - i dilation) + b``, channel by channel, then ReLU where asked.

    Attributes:
        filters: the quantized taps ``[L, C]``, newest first, and biases.
        dilation: steps from one tap to the next.
        relu: whether negative outputs become 0.
    """

    kind: ClassVar[str] = "filter"
    c_type: ClassVar[str] = "dynq_filter_t"
    c_step: ClassVar[str] = "dynq_filter"
    operator: ClassVar[OptionsLayout] = OptionsLayout(
        "DYNQ_FILTER", version=1, fields=(("channels", "H"), ("taps", "H"), ("dilation", "H"), ("relu", "H"))
    )

    filters: Filters
    dilation: int = 1
    relu: bool = False

    def __post_init__(self) -> None:
        if self.dilation < 1:
            raise QuantizationError(f"layer {self.name}: a dilation of {self.dilation}", "it is 1 or more steps")
        check_state(self)

    @classmethod
    def quantized(cls, name: str, taps: ArrayLike, bias: ArrayLike, *, dilation: int = 1, relu: bool = False) -> Self:
        """Quantizes float32 taps ``[L, C]``, newest first, and biases ``[C]`` channel by channel, to 8 bits.

        Raises:
            QuantizationError: see ``quantize_filters``; the message names the layer.
        """
        try:
            return cls(name, quantize_filters(taps, bias), dilation, relu)
        except QuantizationError as error:
            raise QuantizationError(f"layer {name}: {error.message}", error.hint) from None

    @property
    def inputs(self) -> int:
        return self.filters.channels

    @property
    def outputs(self) -> int:
        return self.filters.channels

    @property
    def bits(self) -> int:
        return 8

    @property
    def macs(self) -> int:
        return self.filters.taps * self.filters.channels

    @property
    def weight_bytes(self) -> int:
        return self.filters.taps * self.filters.channels

    @property
    def parameter_bytes(self) -> int:
        return 4 * self.filters.channels  # step and bias

    @property
    def float_bytes(self) -> int:
        return 4 * (self.filters.taps + 1) * self.filters.channels

    @property
    def frames(self) -> int:
        """Steps from the oldest that it sees to this one."""
        return (self.filters.taps - 1) * self.dilation + 1

    @property
    def state_bytes(self) -> int:
        return history_bytes(self.inputs, self.frames)

    def initial_state(self) -> History:
        return empty_history(self.frames, self.inputs)

    def step(self, state: Any, *signals: Signal) -> tuple[History, Floats]:
        frame, scale = history_of(signals[0])
        state = pushed(state, frame)
        return state, filter_step(
            self.filters, some(state, slice(None, None, self.dilation)), scale=scale, relu=self.relu
        )

    def constants(self, variant: str) -> dict[str, Constant]:
        packed = pack_filters(self.filters, variant)
        filters = f"filters of {self.filters.taps} taps over {self.inputs} channels"
        return {
            "taps": Constant(np.frombuffer(packed.taps, np.int8), filters),
            "parameters": Constant(packed.parameters, f"step and bias of {self.inputs} channels"),
        }

    def options(self) -> dict[str, int]:
        return {
            "channels": self.inputs,
            "taps": self.filters.taps,
            "dilation": self.dilation,
            "relu": int(self.relu),
        }

    @classmethod
    def from_file(cls, name: str, variant: str, options: Mapping[str, int], constants: Sequence[bytes]) -> Self:
        if options["relu"] > 1:
            raise ValueError(f"layer {name}: {options}")
        taps, parameters = constants
        words = np.frombuffer(parameters, "<u4").astype(np.uint32)
        packed = PackedFilters(variant, taps, words, options["taps"], options["channels"])
        return cls(name, unpack_filters(packed), options["dilation"], bool(options["relu"]))

    def c_fields(self, arrays: Mapping[str, str]) -> dict[str, object]:
        return {
            **arrays,
            "channels": self.inputs,
            "count": self.filters.taps,
            "dilation": self.dilation,
            "relu": int(self.relu),
        }

    @property
    def c_scratch(self) -> str:
        return f"DYNQ_WINDOW_SCRATCH_BYTES({self.filters.taps})"

    def m4_loops(self, codes: bool) -> dict[str, int]:
        return m4_window_loops(f"{self.kind}, {'codes' if codes else 'floats'}", self.inputs, self.filters.taps)

    @property
    def m4_scratch_bytes(self) -> int:
        return m4_window_bytes(self.filters.taps)

    def built_in(self, graph: ClipGraph, *signals: Value) -> Value:
        y = graph.filter(signals[0], self)
        return y.relu() if self.relu else y
