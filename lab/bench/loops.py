"""``python -m lab.bench.loops``: what each part of the Cortex-M4 kernels takes, for ``pipeline.cost``.

Layers of random shapes run on the emulated core; least squares, relative to each count, give the instructions of every
part that ``Layer.m4_loops`` counts.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import numpy as np
from numpy.typing import NDArray

from lab.bench import calls
from lab.bench.calls import AddLayer, DenseLayer, Features, FilterLayer, Input, Job, MeanLayer, Vector
from lab.bench.cores import core_named
from lab.bench.count import build_plugin, measure
from lab.bench.image import Image, build_image
from pipeline.console import console, guarded
from pipeline.cost import INSTRUCTIONS
from pipeline.files import write_text
from pipeline.layers import Add, Dense, Filter, Layer, Mean
from pipeline.layers.dense_layout import DEVICE_BITS

_EACH = 40
"""Shapes of every type of layer, at every width of weights, of every kind of input."""
_LAST = 4
"""Steps in mid-stream that are counted of layers that look back."""

Counted = tuple[dict[str, int], int]
"""Loops and instructions."""


def shapes(rng: np.random.Generator) -> Iterator[tuple[Layer, bool]]:
    """Layers as networks have them, and whether they read codes."""
    for bits in DEVICE_BITS:
        for codes in (False, True):
            for i in range(_EACH):
                inputs, outputs = int(rng.integers(3, 257)), int(rng.integers(1, 129))
                weights = rng.normal(size=(inputs, outputs)) / np.sqrt(inputs)
                yield Dense.quantized("dense", weights, rng.normal(size=outputs) * 0.1, bits, relu=i % 2 == 0), codes
    for codes in (False, True):
        for _ in range(_EACH):
            taps, channels = int(rng.integers(1, 16)), int(rng.integers(1, 129))
            weights = rng.normal(size=(taps, channels)) / np.sqrt(taps)
            yield (
                Filter.quantized("filter", weights, rng.normal(size=channels) * 0.1, dilation=int(rng.integers(1, 4))),
                codes,
            )
    for _ in range(_EACH):
        yield Mean("mean", int(rng.integers(1, 129)), int(rng.integers(1, 25))), False
        yield Add("add", int(rng.integers(1, 129)), 3, relu=True), False


def count(image: Image, plugin: Path, layer: Layer, codes: bool, rng: np.random.Generator) -> list[int]:
    """Instructions of some steps in mid-stream."""
    runs, frames = _layer(layer)
    ranged = not isinstance(layer, Dense) or layer.relu
    jobs = [
        Job(runs, tuple(_input(layer, codes, step, rng) for _ in layer.sources), reset=step == 0, ranged=ranged)
        for step in range(2 * frames + _LAST)
    ]
    measured = measure(image, plugin, jobs)
    return [one.instructions for one in measured[-_LAST if layer.state_bytes else -1 :]]


def _layer(layer: Layer) -> tuple[calls.Layer, int]:
    """The layer for the runner, and the frames that it keeps."""
    match layer:
        case Dense():
            return DenseLayer(layer.columns, layer.relu), 0
        case Filter():
            return FilterLayer(layer.filters, layer.dilation, layer.relu), layer.frames
        case Mean():
            return MeanLayer(layer.width, layer.frames), layer.frames
        case Add():
            return AddLayer(layer.width, layer.relu), 0
    raise TypeError(type(layer).__name__)


def _input(layer: Layer, codes: bool, step: int, rng: np.random.Generator) -> Input:
    values = rng.normal(size=layer.inputs) * (1.2 + np.sin(step))  # loudness changes, and with it exponents
    if codes:
        return Features(np.clip(40 * values, -128, 127).astype(np.int8))
    return Vector(np.maximum(values, 0).astype(np.float32), scan=False)


def fit(counted: Sequence[Counted]) -> dict[str, float]:
    """Instructions of every part, by least squares of relative errors, none below zero."""
    from scipy.optimize import nnls

    groups: dict[tuple[str, ...], list[Counted]] = defaultdict(list)
    for loops, instructions in counted:
        groups[tuple(loops)].append((loops, instructions))
    found: dict[str, float] = {}
    for names, rows in groups.items():
        taken = np.array([instructions for _, instructions in rows], np.float64)
        matrix: NDArray[np.float64] = np.array([list(loops.values()) for loops, _ in rows], np.float64)
        solution, _ = nnls(matrix / taken[:, None], np.ones(len(rows)))
        found |= dict(zip(names, np.round(solution, 2).tolist(), strict=True))
    return found


def errors(counted: Sequence[Counted], table: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """Root mean square and largest relative error of every type."""
    found: dict[str, list[float]] = defaultdict(list)
    for loops, instructions in counted:
        estimate = sum(table[name] * times for name, times in loops.items())
        found[next(iter(loops)).partition(":")[0]].append(estimate / instructions - 1)
    relative = {name: np.array(values) for name, values in found.items()}
    return {name: (float(np.sqrt((e**2).mean())), float(np.abs(e).max())) for name, e in relative.items()}


@click.command()
@guarded()
def main() -> None:
    """Counts layers of random shapes on the emulated Cortex-M4 and writes what each part of their kernels takes."""
    rng = np.random.default_rng(0)
    counted: list[Counted] = []
    with TemporaryDirectory(prefix="dynq") as folder:
        image, plugin = build_image(core_named("m4"), Path(folder)), build_plugin(Path(folder))
        for layer, codes in shapes(rng):
            counted += [(layer.m4_loops(codes), taken) for taken in count(image, plugin, layer, codes, rng)]
    table = fit(counted)
    write_text(INSTRUCTIONS, json.dumps(table, indent=1) + "\n")
    for name, (typical, largest) in errors(counted, table).items():
        console.print(f"{name}: {100 * typical:.1f} % typical error, {100 * largest:.1f} % largest", highlight=False)


if __name__ == "__main__":
    main()
