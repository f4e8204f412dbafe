"""What hears a stream when thresholds are chosen: any network that gives posteriors for it, the device's among them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.layers import QuantizedModel
from pipeline.listening.host import HostListener
from pipeline.listening.streams import Stream


@dataclass(frozen=True)
class Heard:
    """A stream and what a network made of it, before any smoothing.

    Attributes:
        posteriors: float32 ``[steps, keywords]`` in the order of C, each against its strongest rival.
        samples: uint64 ``[steps]``, end of the audio that each step had heard.
    """

    stream: Stream
    keywords: tuple[str, ...]
    posteriors: NDArray[np.float32]
    samples: NDArray[np.uint64]


class Spotter(Protocol):
    """A network, and how long it is deaf after an event."""

    @property
    def name(self) -> str:
        """Of the model."""

    @property
    def bits(self) -> int:
        """Of its weights; ``FLOAT_BITS`` for the float twin."""

    @property
    def refractory_ms(self) -> int:
        """After an event, in which there is no other."""

    def hear(self, stream: Stream) -> Heard:
        """What the network makes of a whole stream, from reset on."""


@dataclass(frozen=True)
class QuantizedSpotter:
    """A quantized model, in the C of the device.

    Attributes:
        bits: of its weights, as a run tells its models apart.

    Raises:
        ToolchainError: no C compiler.
    """

    model: QuantizedModel
    bits: int

    @property
    def name(self) -> str:
        return self.model.name

    @property
    def refractory_ms(self) -> int:
        return self.model.detector.refractory_ms

    def hear(self, stream: Stream) -> Heard:
        model = self.model
        single = replace(model, detector=model.detector.model_copy(update={"smoothing_frames": 1}))
        steps, _ = HostListener(single).push(stream.pcm)  # a mean over one step is the posterior itself
        posteriors = np.array([step.scores for step in steps], np.float32).reshape(len(steps), len(model.keywords))
        return Heard(stream, model.keywords, posteriors, np.array([step.sample for step in steps], np.uint64))
