"""What every Keras layer of the method can do; training and conversion know layers by this alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import keras
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import QuantizationError
from pipeline.layers import Layer

Weights = list[NDArray[np.float32]]


class DynqLayer(keras.layers.Layer):  # type: ignore[misc]
    """A layer that trains with the quantizers of docs/method.md and becomes a frozen value.

    In training its weights and inputs pass through the quantizers in floating point, and gradients pass straight
    through them. In inference it returns the bits of that value's numpy reference. Float32 whatever the dtype policy.

    Attributes:
        kind: the type of that value.

    Args:
        weight_bits: 2..8, or None for the float twin, an ordinary layer of the same shape. Of a layer without weights
            any number says that its inputs are quantized.

    Raises:
        QuantizationError: bits that the method does not know.
    """

    kind: ClassVar[str]

    def __init__(self, weight_bits: int | None, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        if weight_bits is not None and not 2 <= weight_bits <= 8:
            raise QuantizationError(
                f"layer {self.name}: {weight_bits} weight bits", "use 2 to 8 bits, or None for float"
            )
        self.weight_bits = weight_bits
        # XLA may drop the roundings that make inference exact, so Keras must not choose it by itself
        self.supports_jit = False

    def quantized(self, name: str) -> Layer:
        """The layer as a frozen value; not of a float twin.

        Raises:
            QuantizationError: the weights diverged.
        """
        raise NotImplementedError

    def starting_weights(self, clip_bits: int | None = None) -> Weights:
        """What a quantized layer of this shape starts from, given this trained one: batch normalisation folded in,
        and outliers clipped to what so many bits can hold."""
        del clip_bits
        return []

    @property
    def reach(self) -> int:
        """How many earlier steps an output depends on."""
        raise NotImplementedError

    def over_stream(self, signals: Sequence[Any]) -> Any:
        """What the float twin gives at every step of a stream, ``[B, T, C]``; before the first step there are zeros.

        Args:
            signals: the network's input and the outputs of all layers before this one.
        """
        return self(signals[-1])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "weight_bits": self.weight_bits}
