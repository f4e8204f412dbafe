"""A recipe's float network as plain arrays, for whoever builds it with other layers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UsageError
from pipeline.recipe import Recipe

Floats = NDArray[np.float32]


def check_shape(recipe: Recipe) -> None:
    """Refuses what TensorFlow's routes are not built for.

    Raises:
        UsageError: the recipe's network has not the shape of the default one.
    """
    network = recipe.model
    if (
        network.kind != "temporal"
        or not network.stem_rows
        or not network.residual
        or any(block.channels or block.dilation != 1 for block in network.blocks)
        or not 1 < network.pooling <= recipe.frontend.context_frames // network.stride
    ):
        raise UsageError(
            f"recipe {recipe.name} has another network than the default one",
            "TensorFlow's routes are built for a stem, blocks with sums and without dilation, and a mean within a clip",
        )


@dataclass(frozen=True)
class FloatNetwork:
    """A temporal network with its batch normalisation folded in.

    Attributes:
        bands: features of a row.
        rows: that the stem sees side by side.
        stride: rows from one step to the next.
        steps: of a clip.
        pooling: steps in the mean.
        stem: ``[rows * bands, C]``, oldest row first, and bias ``[C]``.
        filters: of each block, taps ``[L, C]``, of which the first meets the newest step, and bias ``[C]``.
        mixes: of each block, ``[C, C]`` and bias ``[C]``. ReLU follows the stem, and the sum of a block and its input.
        output: ``[C, labels]`` and bias ``[labels]``.
    """

    bands: int
    rows: int
    stride: int
    steps: int
    pooling: int
    stem: tuple[Floats, Floats]
    filters: tuple[tuple[Floats, Floats], ...]
    mixes: tuple[tuple[Floats, Floats], ...]
    output: tuple[Floats, Floats]

    @classmethod
    def of(cls, trained: Path, recipe: Recipe) -> FloatNetwork:
        """Reads a float twin.

        Raises:
            UsageError: see ``check_shape``.
        """
        check_shape(recipe)
        network = recipe.model
        assert network.kind == "temporal"
        from pipeline.training.convert import dynq_layers, load_trained
        from pipeline.training.layers.affine import DynqAffine

        stem, *blocks, output = [
            layer.folded() for layer in dynq_layers(load_trained(trained)) if isinstance(layer, DynqAffine)
        ]
        steps = recipe.frontend.context_frames // network.stride
        shape = recipe.frontend.bands, network.stem_rows, network.stride, steps, network.pooling
        return cls(*shape, stem, tuple(blocks[::2]), tuple(blocks[1::2]), output)

    @property
    def window_rows(self) -> int:
        """Rows of features that a whole clip's steps see."""
        return (self.steps - 1) * self.stride + self.rows

    @property
    def channels(self) -> int:
        return len(self.stem[1])

    def spans(self) -> list[tuple[int, int]]:
        """Of every block, the steps it computes for one answer, and the zeros that its filter reads before them.

        An answer is of the last ``pooling`` steps, and each filter reads ``taps - 1`` more: what no later layer reads
        need not be computed. Before the clip there are zeros.
        """
        found: list[tuple[int, int]] = []
        wanted = self.pooling
        for taps, _ in reversed(self.filters):
            computed = min(wanted, self.steps)
            wanted = computed + len(taps) - 1
            found.append((computed, max(0, wanted - self.steps)))
        return found[::-1]

    def step_macs(self) -> int:
        """Multiply-accumulates of one step."""
        blocks = sum(taps.size + mix.size for (taps, _), (mix, _) in zip(self.filters, self.mixes, strict=True))
        return self.stem[0].size + blocks + self.output[0].size

    def window_macs(self) -> int:
        """Multiply-accumulates of one answer that is computed from a whole window."""
        channels = self.channels
        blocks = sum(
            steps * channels * (len(taps) + channels)
            for (steps, _), (taps, _) in zip(self.spans(), self.filters, strict=True)
        )
        return self.steps * self.stem[0].size + blocks + self.output[0].size

    def windows(self, clips: NDArray[np.int8]) -> NDArray[np.int8]:
        """What a whole clip's steps see of clips ``[n, R * bands]``: ``[n, window_rows, 1, bands]``.

        Before the clip there are rows of code 0.
        """
        codes = clips.reshape(len(clips), -1, 1, self.bands)[:, : self.steps * self.stride]
        missing = self.window_rows - codes.shape[1]
        return np.pad(codes, ((0, 0), (max(0, missing), 0), (0, 0), (0, 0)))[:, -self.window_rows :]

    def each_step(self, clips: NDArray[np.int8]) -> NDArray[np.int8]:
        """What each step sees: ``[n, steps, rows, 1, bands]``."""
        windows = self.windows(clips)
        starts = range(0, self.steps * self.stride, self.stride)
        return np.stack([windows[:, start : start + self.rows] for start in starts], axis=1)

    def arrays(self) -> Iterator[tuple[str, Any]]:
        """The network under names for a ``.npz``; ``from_arrays`` reads them."""
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, int):
                yield field.name, value
            else:
                pairs = value if isinstance(value[0], tuple) else (value,)
                for i, (weights, bias) in enumerate(pairs):
                    yield from ((f"{field.name}_{i}_weights", weights), (f"{field.name}_{i}_bias", bias))

    @classmethod
    def from_arrays(cls, data: Any) -> FloatNetwork:
        """Reads what ``arrays`` wrote, of any mapping of names."""

        def pairs(name: str) -> tuple[tuple[Floats, Floats], ...]:
            count = sum(key.startswith(f"{name}_") and key.endswith("_bias") for key in data)
            return tuple((data[f"{name}_{i}_weights"], data[f"{name}_{i}_bias"]) for i in range(count))

        bands, rows, stride, steps, pooling = (
            int(data[name]) for name in ("bands", "rows", "stride", "steps", "pooling")
        )
        (stem,), (output,) = pairs("stem"), pairs("output")
        return cls(bands, rows, stride, steps, pooling, stem, pairs("filters"), pairs("mixes"), output)
