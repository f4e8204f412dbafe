"""What a quantized keyword spotter is: plain frozen data, without a way of its own to train, store or run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from pipeline.config import Detector, Frontend
from pipeline.errors import QuantizationError
from pipeline.layers.base import Layer
from pipeline.quantization import InputQuantization

MODEL_INPUT = -1
"""The number of the signal that is the model's input; a layer's output has the layer's number."""
NEVER = 2.0
"""A threshold that no posterior reaches."""


@dataclass(frozen=True)
class QuantizedModel:
    """A keyword spotter ready to be written to a file or run: a list of layers, the logits last.

    It consumes rows of ``frontend.bands`` int8 features. After every ``stride`` rows comes a step: the first layer sees
    the newest ``rows`` rows side by side, and every layer runs once. Before the first row there were zeros. A clip is
    ``frontend.context_frames`` rows, its answer the logits of the last step.

    Attributes:
        labels: one name per logit; ``_silence_`` and ``_unknown_`` are not keywords.
        stride: rows from one step to the next.
    """

    name: str
    layers: tuple[Layer, ...]
    labels: tuple[str, ...]
    input: InputQuantization
    frontend: Frontend = field(default_factory=Frontend)
    detector: Detector = field(default_factory=Detector)
    stride: int = 1

    def __post_init__(self) -> None:
        if not self.layers:
            raise QuantizationError(f"model {self.name} has no layers")
        if self.rows * self.frontend.bands != self.layers[0].inputs or self.rows > self.frontend.context_frames:
            raise QuantizationError(
                f"the first layer takes {self.layers[0].inputs} inputs, the front end gives "
                f"{self.frontend.context_frames} rows of {self.frontend.bands}"
            )
        if self.stride < 1 or self.frontend.context_frames % self.stride:
            raise QuantizationError(f"{self.frontend.context_frames} rows of a clip are no steps of {self.stride} rows")
        for index, layer in enumerate(self.layers):
            for source in self.sources(index):
                if source < MODEL_INPUT or (source == MODEL_INPUT and index > 0):
                    raise QuantizationError(f"layer {layer.name} reads further back than the first layer")
                if source >= 0 and self.layers[source].outputs != layer.inputs:
                    raise QuantizationError(
                        f"layer {layer.name} takes {layer.inputs} inputs, {self.layers[source].name} gives "
                        f"{self.layers[source].outputs}"
                    )
        if self.layers[-1].outputs != len(self.labels):
            raise QuantizationError(f"{self.layers[-1].outputs} logits for {len(self.labels)} labels")
        if len(self.detector.thresholds) not in (0, len(self.keywords)):
            raise QuantizationError(f"{len(self.detector.thresholds)} thresholds for {len(self.keywords)} keywords")

    def sources(self, index: int) -> tuple[int, ...]:
        """Numbers of the signals that a layer reads: other layers' or ``MODEL_INPUT``."""
        return tuple(index - distance for distance in self.layers[index].sources)

    @property
    def rows(self) -> int:
        """Rows that the first layer sees at once."""
        return self.layers[0].inputs // self.frontend.bands

    def is_ranged(self, index: int) -> bool:
        """Whether a layer needs the range of this layer's output."""
        return any(layer.reads_range and index in self.sources(reader) for reader, layer in enumerate(self.layers))

    @property
    def keywords(self) -> tuple[str, ...]:
        """The labels that are words to listen for."""
        return tuple(label for label in self.labels if not label.startswith("_"))

    @property
    def thresholds(self) -> tuple[float, ...]:
        """Smoothed posterior from which each label is an event; ``NEVER`` where it is no keyword."""
        own = iter(self.detector.thresholds or (self.detector.threshold,) * len(self.keywords))
        return tuple(NEVER if label.startswith("_") else next(own) for label in self.labels)

    @property
    def window(self) -> int:
        """Features in those rows."""
        return self.layers[0].inputs

    @property
    def inputs(self) -> int:
        """Features of one clip."""
        return self.frontend.inputs

    @property
    def bits(self) -> int:
        """Weight bits by which most multiply-accumulates go."""
        macs = Counter[int]()
        for layer in self.layers:
            macs[layer.bits] += layer.macs
        return macs.most_common(1)[0][0]

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one step."""
        return sum(layer.macs for layer in self.layers)

    @property
    def float_bytes(self) -> int:
        """Bytes of the same weights and biases as float32: the denominator of every memory figure."""
        return sum(layer.float_bytes for layer in self.layers)

    @property
    def weight_bytes(self) -> int:
        """Bytes of all packed weights."""
        return sum(layer.weight_bytes for layer in self.layers)

    @property
    def parameter_bytes(self) -> int:
        """Bytes of all other parameters."""
        return sum(layer.parameter_bytes for layer in self.layers)

    @property
    def quantized_bytes(self) -> int:
        """Bytes of weights and parameters."""
        return self.weight_bytes + self.parameter_bytes

    @property
    def state_bytes(self) -> int:
        """Bytes that the layers keep from step to step."""
        return sum(layer.state_bytes for layer in self.layers)
