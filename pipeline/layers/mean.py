"""The mean over time: for every channel, of its last frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from pipeline.config import MAX_WIDTH
from pipeline.errors import QuantizationError
from pipeline.layers.base import Floats, Layer, Signal
from pipeline.layers.history import check_state, history_bytes, history_of, m4_window_bytes, m4_window_loops, pushed
from pipeline.layers.options import OptionsLayout
from pipeline.quantization import MAX_TAPS, History, empty_history, mean_share, mean_step

if TYPE_CHECKING:
    from pipeline.export.clip_graph import ClipGraph
    from pipeline.export.graph_values import Value


@dataclass(frozen=True)
class Mean(Layer):
    """The mean of the last ``frames`` vectors of ``width`` float32 values; those before reset are zeros."""

    kind: ClassVar[str] = "mean"
    c_type: ClassVar[str] = "dynq_mean_t"
    c_step: ClassVar[str] = "dynq_mean"
    operator: ClassVar[OptionsLayout] = OptionsLayout(
        "DYNQ_MEAN", version=1, fields=(("width", "H"), ("frames", "H"), ("share", "H"))
    )

    width: int
    frames: int

    def __post_init__(self) -> None:
        if not (1 <= self.width <= MAX_WIDTH and 1 <= self.frames <= MAX_TAPS):
            raise QuantizationError(
                f"layer {self.name}: a mean of {self.frames} frames of {self.width}",
                f"at most {MAX_TAPS} frames of {MAX_WIDTH}",
            )
        check_state(self)

    @property
    def inputs(self) -> int:
        return self.width

    @property
    def outputs(self) -> int:
        return self.width

    @property
    def state_bytes(self) -> int:
        return history_bytes(self.width, self.frames)

    def initial_state(self) -> History:
        return empty_history(self.frames, self.width)

    def step(self, state: Any, *signals: Signal) -> tuple[History, Floats]:
        frame, scale = history_of(signals[0])
        state = pushed(state, frame)
        return state, mean_step(state, scale=scale)

    def options(self) -> dict[str, int]:
        return {"width": self.width, "frames": self.frames, "share": int(mean_share(self.frames).view(np.uint16))}

    @classmethod
    def from_file(cls, name: str, variant: str, options: Mapping[str, int], constants: Sequence[bytes]) -> Self:
        layer = cls(name, options["width"], options["frames"])
        if constants or layer.options() != options:
            raise ValueError(f"layer {name}: {options}, {len(constants)} constants")
        return layer

    def c_fields(self, arrays: Mapping[str, str]) -> dict[str, object]:
        return {"channels": self.width, "frames": self.frames, "share": self.options()["share"]}

    @property
    def c_scratch(self) -> str:
        return f"DYNQ_WINDOW_SCRATCH_BYTES({self.frames})"

    def m4_loops(self, codes: bool) -> dict[str, int]:
        return m4_window_loops(f"{self.kind}, {'codes' if codes else 'floats'}", self.inputs, self.frames)

    @property
    def m4_scratch_bytes(self) -> int:
        return m4_window_bytes(self.frames)

    def built_in(self, graph: ClipGraph, *signals: Value) -> Value:
        return graph.mean(signals[0], self)
