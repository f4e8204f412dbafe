"""What the runner can be asked to do: one step of a layer, and what it must give."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.layers.dense_packing import pack
from pipeline.layers.filter_packing import pack_filters
from pipeline.quantization import (
    Columns,
    Filters,
    History,
    InputQuantization,
    add,
    dense,
    empty_history,
    feature_frames,
    feature_history,
    filter_step,
    mean_share,
    mean_step,
    quantize_frames,
    quantize_history,
)

Floats = NDArray[np.float32]


QUANTIZATION = InputQuantization(0.03125, 0)
"""What features stand for unless said otherwise."""


@dataclass(frozen=True)
class Features:
    """int8 ``[K]`` and what they stand for."""

    values: NDArray[np.int8]
    quantization: InputQuantization = QUANTIZATION


@dataclass(frozen=True)
class Vector:
    """float32 ``[K]``; with ``scan`` the call finds its range, otherwise it is given."""

    values: Floats
    scan: bool = True


@dataclass(frozen=True)
class Output:
    """What an earlier job left in a buffer."""

    buffer: int


Input = Features | Vector | Output


@dataclass(frozen=True)
class Packed:
    """A layer as the runner takes it: numbers of the descriptor by name, and two arrays."""

    numbers: dict[str, int]
    weights: bytes = b""
    columns: bytes = b""


class Layer(ABC):
    """One layer."""

    code: int
    """Number of its type for the runner."""
    macs: int = 0

    @property
    @abstractmethod
    def outputs(self) -> int:
        """Values that it gives."""

    @property
    def inputs(self) -> int:
        """Values of each input."""
        return self.outputs

    @abstractmethod
    def packed(self, variant: str) -> Packed:
        """The layer for a kernel variant."""

    @abstractmethod
    def step(self, state: Any, *inputs: Features | Floats) -> tuple[Any, Floats]:
        """The reference: next state (None: that of reset) and output."""


@dataclass(frozen=True)
class DenseLayer(Layer):
    """A matrix."""

    columns: Columns
    relu: bool = False
    code = 0

    @property
    def outputs(self) -> int:
        return self.columns.outputs

    @property
    def inputs(self) -> int:
        return self.columns.inputs

    @property
    def macs(self) -> int:  # type: ignore[override]
        return int(self.columns.codes.size)

    def packed(self, variant: str) -> Packed:
        p = pack(self.columns, variant)
        return Packed({"bits": p.bits, "relu": self.relu}, p.weights, p.columns.tobytes())

    def step(self, state: Any, *inputs: Features | Floats) -> tuple[Any, Floats]:
        (x,) = inputs
        frames = feature_frames(x.values, x.quantization) if isinstance(x, Features) else quantize_frames(x)
        return None, dense(self.columns, frames, relu=self.relu)


def _push(state: History | None, frames: int, x: Features | Floats) -> History:
    """The newest ``frames`` frames, newest first."""
    newest = feature_history(x.values, x.quantization) if isinstance(x, Features) else quantize_history(x)
    before = empty_history(frames, newest.codes.shape[-1]) if state is None else state
    return History(
        np.concatenate([newest.codes[None], before.codes[:-1]]),
        np.concatenate([newest.exponent[None], before.exponent[:-1]]),
        np.concatenate([newest.zero[None], before.zero[:-1]]),
    )


def _every(history: History, dilation: int) -> History:
    return History(history.codes[::dilation], history.exponent[::dilation], history.zero[::dilation])


@dataclass(frozen=True)
class FilterLayer(Layer):
    """A filter over time for every channel."""

    filters: Filters
    dilation: int = 1
    relu: bool = False
    code = 1

    @property
    def outputs(self) -> int:
        return self.filters.channels

    @property
    def macs(self) -> int:  # type: ignore[override]
        return int(self.filters.codes.size)

    def packed(self, variant: str) -> Packed:
        p = pack_filters(self.filters, variant)
        numbers = {"taps": p.count, "dilation": self.dilation, "relu": self.relu}
        return Packed(numbers, p.taps, p.parameters.tobytes())

    def step(self, state: Any, *inputs: Features | Floats) -> tuple[Any, Floats]:
        (x,) = inputs
        history = _push(state, (self.filters.taps - 1) * self.dilation + 1, x)
        scale = x.quantization.scale if isinstance(x, Features) else 1.0
        return history, filter_step(self.filters, _every(history, self.dilation), scale=scale, relu=self.relu)


@dataclass(frozen=True)
class MeanLayer(Layer):
    """The mean of the last frames."""

    channels: int
    frames: int
    code = 2

    @property
    def outputs(self) -> int:
        return self.channels

    @property
    def macs(self) -> int:  # type: ignore[override]
        return self.channels * self.frames

    def packed(self, variant: str) -> Packed:
        return Packed({"taps": self.frames, "share": int(mean_share(self.frames).view(np.uint16))})

    def step(self, state: Any, *inputs: Features | Floats) -> tuple[Any, Floats]:
        history = _push(state, self.frames, inputs[0])
        return history, mean_step(history)


@dataclass(frozen=True)
class AddLayer(Layer):
    """The sum of two vectors."""

    channels: int
    relu: bool = False
    code = 3

    @property
    def outputs(self) -> int:
        return self.channels

    def packed(self, variant: str) -> Packed:
        return Packed({"relu": self.relu})

    def step(self, state: Any, *inputs: Features | Floats) -> tuple[Any, Floats]:
        first, second = inputs
        assert not isinstance(first, Features)
        assert not isinstance(second, Features)
        return None, add(first, second, relu=self.relu)


@dataclass(frozen=True)
class Softmax(Layer):
    """Softmax as the firmware computes it; its result is not compared bit for bit."""

    channels: int
    code = 4

    @property
    def outputs(self) -> int:
        return self.channels

    def packed(self, variant: str) -> Packed:
        return Packed({})

    def step(self, state: Any, *inputs: Features | Floats) -> tuple[Any, Floats]:
        (x,) = inputs
        assert not isinstance(x, Features)
        e = np.exp(x - x.max())
        return None, (e / e.sum()).astype(np.float32)


@dataclass(frozen=True)
class Job:
    """One step of a layer.

    Attributes:
        inputs: one or two.
        buffer: where the output goes, for later jobs.
        state: number of the layer's state, which earlier jobs with the same number left; fresh after ``reset``.
        reset: whether all states are forgotten first.
        ranged: whether the output's range is asked for.
    """

    layer: Layer
    inputs: tuple[Input, ...]
    buffer: int = 0
    state: int = 0
    reset: bool = True
    ranged: bool = True


def expected(jobs: Sequence[Job]) -> Iterator[Floats]:
    """What every job must give, in order."""
    buffers: dict[int, Floats] = {}
    states: dict[int, Any] = {}
    for job in jobs:
        if job.reset:
            states.clear()
        inputs = [
            buffers[x.buffer] if isinstance(x, Output) else x.values if isinstance(x, Vector) else x for x in job.inputs
        ]
        states[job.state], buffers[job.buffer] = job.layer.step(states.get(job.state), *inputs)
        yield buffers[job.buffer]
