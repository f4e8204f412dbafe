"""What is measured: single layers of several shapes, and whole networks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from lab.bench.calls import (
    AddLayer,
    DenseLayer,
    Features,
    FilterLayer,
    Input,
    Job,
    Layer,
    MeanLayer,
    Output,
    Softmax,
    Vector,
)
from pipeline.config import Frontend, Temporal
from pipeline.quantization import InputQuantization, quantize_columns, quantize_filters

Source = Literal["floats", "bytes", "rows"]
Random = np.random.Generator

SHAPES: tuple[tuple[int, int], ...] = ((440, 128), (128, 128), (64, 64), (128, 12), (512, 512))
"""Inputs and outputs of the single dense layers."""
MLP: tuple[int, ...] = (640, 128, 128, 128, 12)
"""Widths of the model that peers were measured on."""
DEFAULT = Temporal(kind="temporal")
"""The network that every recipe has unless it says otherwise."""


@dataclass(frozen=True)
class Workload:
    """Jobs, of which the last ones are counted: the others bring the states where they are in mid-stream.

    Attributes:
        what: shape or name.
        source: ``floats`` (the range is found in the call), ``bytes`` (int8 input) or ``rows`` (a step of a stream).
        bits: of the dense weights, 0 where there are none.
    """

    what: str
    source: Source
    bits: int
    jobs: tuple[Job, ...]
    counted: int

    def fits(self, capacity: int) -> bool:
        """Whether ``capacity`` bytes of constants hold its weights: those of a Cortex-M0 board not the largest."""
        layers = {id(job.layer): job.layer for job in self.jobs}
        return sum(layer.macs for layer in layers.values()) * self.bits // 8 < capacity * 3 // 4


def dense_layer(rng: Random, inputs: int, outputs: int, bits: int, *, relu: bool) -> DenseLayer:
    """A layer of random weights."""
    weights = rng.normal(size=(inputs, outputs)) / np.sqrt(inputs)
    return DenseLayer(quantize_columns(weights, rng.normal(size=outputs) * 0.1, bits), relu)


def filter_layer(rng: Random, taps: int, channels: int, dilation: int = 1) -> FilterLayer:
    """Filters of random taps."""
    weights = rng.normal(size=(taps, channels)) / np.sqrt(taps)
    return FilterLayer(quantize_filters(weights, rng.normal(size=channels) * 0.1), dilation)


def _input(rng: Random, width: int, source: Source) -> Input:
    if source == "bytes":
        return Features(rng.integers(-128, 128, width, np.int8), InputQuantization(0.05078125, -20))
    return Vector(rng.normal(size=width).astype(np.float32))


def perceptron(bits: int, source: Source) -> Workload:
    """One inference as the aot engine makes it: a layer takes the range that the one before found, then softmax."""
    rng = np.random.default_rng((0, bits))
    jobs: list[Job] = []
    for index, (inputs, outputs) in enumerate(pairwise(MLP)):
        last = index == len(MLP) - 2
        x = Output((index - 1) % 2) if jobs else _input(rng, inputs, source)
        layer = dense_layer(rng, inputs, outputs, bits, relu=not last)
        jobs.append(Job(layer, (x,), index % 2, ranged=not last))
    jobs.append(Job(Softmax(MLP[-1]), (Output(1),), 0))
    return Workload("-".join(map(str, MLP)) + " + softmax", source, bits, tuple(jobs), len(jobs))


def _steps(name: str, bits: int, steps: list[list[Job]]) -> Workload:
    return Workload(name, "rows", bits, tuple(job for step in steps for job in step), len(steps[-1]))


def temporal_network(bits: int, steps: int = 24) -> Workload:
    """One step of the network that every recipe has by default."""
    rng = np.random.default_rng((1, bits))
    network, bands, edge_bits = DEFAULT, Frontend().bands, max(bits, DEFAULT.edge_bits)
    rows, channels = network.stem_rows * bands, network.channels
    stem = dense_layer(rng, rows, channels, edge_bits, relu=True)
    last = dense_layer(rng, channels, 8, edge_bits, relu=False)
    blocks = [
        (
            filter_layer(rng, block.taps, channels, block.dilation),
            dense_layer(rng, channels, channels, bits, relu=False),
        )
        for block in network.blocks
    ]
    sequence = []
    for step in range(steps):
        codes = np.clip(rng.normal(size=rows) * 40 * (1 + np.sin(step)), -128, 127).astype(np.int8)
        jobs = [Job(stem, (Features(codes),), 0, 0, reset=step == 0)]
        for index, (over_time, point) in enumerate(blocks):
            jobs += [
                Job(over_time, (Output(0),), 1, 1 + index, reset=False),
                Job(point, (Output(1),), 2, 10, reset=False, ranged=False),
                Job(AddLayer(channels, relu=True), (Output(0), Output(2)), 0, 11, reset=False),
            ]
        jobs += [
            Job(MeanLayer(channels, network.pooling), (Output(0),), 1, 9, reset=False),
            Job(last, (Output(1),), 2, 12, reset=False, ranged=False),
        ]
        sequence.append(jobs)
    return _steps("default temporal network, a step", bits, sequence)


def wake_word_network(bits: int, steps: int = 32) -> Workload:
    """One frame of the shape of MLPerf Tiny's streaming wake word: depthwise-separable layers over time."""
    rng = np.random.default_rng((2, bits))
    layers: list[Layer] = []
    for taps, inputs, outputs in ((3, 40, 128), (5, 128, 128), (10, 128, 128), (15, 128, 32)):
        layers += [filter_layer(rng, taps, inputs), dense_layer(rng, inputs, outputs, bits, relu=True)]
    layers.append(dense_layer(rng, 32, 3, bits, relu=False))
    sequence = []
    for step in range(steps):
        row = Features(np.clip(rng.normal(size=40) * 40 * (1 + np.sin(step)), -128, 127).astype(np.int8))
        jobs = []
        for index, layer in enumerate(layers):
            x: Input = row if index == 0 else Output((index - 1) % 2)
            reset = step == 0 and index == 0
            jobs.append(Job(layer, (x,), index % 2, index, reset=reset, ranged=index < len(layers) - 1))
        sequence.append(jobs)
    return _steps("streaming wake word shape, a frame", bits, sequence)


def layers_over_time() -> Iterator[Workload]:
    """Single layers of the temporal network, in mid-stream."""
    rng = np.random.default_rng(3)
    vectors = [Vector(np.maximum(rng.normal(size=64), 0).astype(np.float32), scan=False) for _ in range(20)]
    for what, layer in (("filter of 5 x 64", filter_layer(rng, 5, 64)), ("mean of 12 x 64", MeanLayer(64, 12))):
        yield _steps(what, 0, [[Job(layer, (x,), reset=index == 0)] for index, x in enumerate(vectors)])
    yield _steps("add of 64", 0, [[Job(AddLayer(64, relu=True), (vectors[0], vectors[1]))]])


def workloads(bits: int) -> Iterator[Workload]:
    """Everything at one width of weights."""
    sources: tuple[Source, ...] = ("floats", "bytes")
    for inputs, outputs in SHAPES:
        rng = np.random.default_rng((inputs, outputs, bits))
        layer = dense_layer(rng, inputs, outputs, bits, relu=True)
        for source in sources:
            yield Workload(f"{inputs}x{outputs}", source, bits, (Job(layer, (_input(rng, inputs, source),)),), 1)
    for source in sources:
        yield perceptron(bits, source)
    yield temporal_network(bits)
    yield wake_word_network(bits)
