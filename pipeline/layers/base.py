"""What every type of layer can do. The rest of the product knows layers by this alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.layers.options import OptionsLayout
from pipeline.quantization import Frames, InputQuantization, feature_frames, quantize_frames

if TYPE_CHECKING:
    from pipeline.export.clip_graph import ClipGraph
    from pipeline.export.graph_values import Value

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Rows:
    """The rows of features that a model's first layer sees at one step.

    Attributes:
        codes: int8 ``[.., rows * bands]``, oldest row first.
        quantization: what the codes stand for.
    """

    codes: NDArray[np.int8]
    quantization: InputQuantization


Signal = Floats | Rows
"""What a layer reads: another layer's float32 output, or the model's input."""


def frames_of(signal: Signal) -> Frames:
    """A signal as quantized codes: features are codes already, floats get them by their own range."""
    if isinstance(signal, Rows):
        return feature_frames(signal.codes, signal.quantization)
    return quantize_frames(signal)


@dataclass(frozen=True)
class Constant:
    """An array that a kernel reads in place.

    Attributes:
        values: int8, uint8, int32, uint32 or float32, in the order of the memory.
        contents: what it holds, in words.
    """

    values: NDArray[Any]
    contents: str


@dataclass(frozen=True)
class Layer(ABC):
    """One layer of a network that runs step by step, as a frozen value.

    Attributes:
        kind: name of the type, the same everywhere.
        c_type: C type of its descriptor.
        operator: the custom operator in a ``.tflite``: its name, and its options.
        name: unique in its model, an identifier.
    """

    kind: ClassVar[str]
    c_type: ClassVar[str]
    operator: ClassVar[OptionsLayout]

    name: str

    @property
    @abstractmethod
    def inputs(self) -> int:
        """Values of each source."""

    @property
    @abstractmethod
    def outputs(self) -> int:
        """Values that it gives at each step."""

    @property
    def sources(self) -> tuple[int, ...]:
        """What it reads, as distances back: 1 is the layer before, 2 the one before that; from the first layer, 1 is
        the model's input."""
        return (1,)

    @property
    def bits(self) -> int:
        """Bits of a weight; 0 without weights."""
        return 0

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one step."""
        return 0

    @property
    def weight_bytes(self) -> int:
        """Bytes of the packed weights, without padding."""
        return 0

    @property
    def parameter_bytes(self) -> int:
        """Bytes of everything else that the kernel reads of this layer."""
        return 0

    @property
    def float_bytes(self) -> int:
        """Bytes of the same weights and biases as float32: the denominator of every memory figure."""
        return 0

    @property
    def state_bytes(self) -> int:
        """Bytes that a device keeps from step to step; all are zero at reset."""
        return 0

    def initial_state(self) -> Any:
        """The state at reset, None where there is none."""
        return None

    @abstractmethod
    def step(self, state: Any, *signals: Signal) -> tuple[Any, Floats]:
        """The numpy reference of one step: the next state and the output, float32 ``[.., outputs]``.

        Leading dimensions are streams of their own; a state without them is the same for all.
        """

    # ---- on disk and in C ----

    def constants(self, variant: str) -> dict[str, Constant]:
        """The arrays of the layer, packed for a kernel variant.

        Raises:
            QuantizationError: the variant is unknown or cannot run the layer.
        """
        del variant
        return {}

    @abstractmethod
    def options(self) -> dict[str, int]:
        """What a file says of the layer beside its constants: the fields of ``operator``."""

    def encoded_options(self, variant: str) -> bytes:
        """The options as a file holds them."""
        return self.operator.encode(variant, **self.options())

    @classmethod
    @abstractmethod
    def from_file(cls, name: str, variant: str, options: Mapping[str, int], constants: Sequence[bytes]) -> Self:
        """The layer again, from its options and the bytes of its constants, packed for a kernel variant.

        Raises:
            QuantizationError, ValueError: they do not go together.
        """

    @abstractmethod
    def c_fields(self, arrays: Mapping[str, str]) -> dict[str, object]:
        """Fields of the layer's descriptor in C, given the C name of each constant."""

    @property
    @abstractmethod
    def c_step(self) -> str:
        """C function that runs a step."""

    @property
    def reads_range(self) -> bool:
        """Whether a step needs the range of the float vectors that it reads, as quantizing them does."""
        return True

    @property
    def c_scratch(self) -> str:
        """Bytes of scratch that a step needs, as a constant expression in C; empty for none."""
        return ""

    def m4_loops(self, codes: bool) -> dict[str, int]:
        """How often a step on a Cortex-M4 goes through each part of its kernel that takes a time of its own.

        ``pipeline.cost`` has what each part takes. Of other layers' outputs those that filters, means and sums read are
        taken to be positive, as ReLU leaves them.

        Args:
            codes: whether the layer reads the model's input, which is quantized, rather than floats.
        """
        del codes
        return {}

    @property
    def m4_scratch_bytes(self) -> int:
        """What ``c_scratch`` is there."""
        return 0

    @abstractmethod
    def built_in(self, graph: ClipGraph, *signals: Value) -> Value:
        """Adds the layer to a graph of built-in operators: its output, given those of its sources."""
