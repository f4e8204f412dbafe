"""The sum of two layers' outputs, as around a block that learns what to add to its input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from pipeline.config import MAX_WIDTH
from pipeline.errors import QuantizationError
from pipeline.layers.base import Floats, Layer, Signal
from pipeline.layers.options import OptionsLayout
from pipeline.quantization import add

if TYPE_CHECKING:
    from pipeline.export.clip_graph import ClipGraph
    from pipeline.export.graph_values import Value


@dataclass(frozen=True)
class Add(Layer):
    """The sum of the layer before it and an earlier one, then ReLU where asked.

    Attributes:
        width: float32 values of each.
        back: how far back the earlier one is: 2 is the layer before the one before this.
        relu: whether negative outputs become 0.
    """

    kind: ClassVar[str] = "add"
    c_type: ClassVar[str] = "dynq_add_t"
    c_step: ClassVar[str] = "dynq_add"
    operator: ClassVar[OptionsLayout] = OptionsLayout(
        "DYNQ_ADD", version=1, fields=(("width", "H"), ("back", "B"), ("relu", "B"))
    )

    width: int
    back: int
    relu: bool = False

    def __post_init__(self) -> None:
        if not (1 <= self.width <= MAX_WIDTH and 2 <= self.back <= 255):
            raise QuantizationError(
                f"layer {self.name}: a sum of {self.width} values with those of {self.back} layers back",
                f"at most {MAX_WIDTH} values, 2 to 255 layers back",
            )

    @property
    def inputs(self) -> int:
        return self.width

    @property
    def outputs(self) -> int:
        return self.width

    @property
    def sources(self) -> tuple[int, ...]:
        return (1, self.back)

    @property
    def reads_range(self) -> bool:
        return False

    def step(self, state: Any, *signals: Signal) -> tuple[Any, Floats]:
        first, second = signals
        assert isinstance(first, np.ndarray)
        assert isinstance(second, np.ndarray)  # never the first layer
        return state, add(first, second, relu=self.relu)

    def options(self) -> dict[str, int]:
        return {"width": self.width, "back": self.back, "relu": int(self.relu)}

    @classmethod
    def from_file(cls, name: str, variant: str, options: Mapping[str, int], constants: Sequence[bytes]) -> Self:
        if constants or options["relu"] > 1:
            raise ValueError(f"layer {name}: {options}, {len(constants)} constants")
        return cls(name, options["width"], options["back"], bool(options["relu"]))

    def c_fields(self, arrays: Mapping[str, str]) -> dict[str, object]:
        return {"channels": self.width, "relu": int(self.relu)}

    def m4_loops(self, codes: bool) -> dict[str, int]:
        return {"add: call": 1, "add: four values": self.width // 4, "add: other values": self.width % 4}

    def built_in(self, graph: ClipGraph, *signals: Value) -> Value:
        first, second = signals
        y = first + second
        return y.relu() if self.relu else y
