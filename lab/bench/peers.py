"""CMSIS-NN beside the kernels: its sources, named by the user, in the same image with the same flags."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.bench.calls import Features, Floats, Job, Layer, Packed
from lab.bench.count import Measurement
from lab.bench.image import BENCH, Extra
from pipeline.errors import ToolchainError, UsageError

NAME = "CMSIS-NN"
BITS = (8, 4)
"""Weights that its fully-connected kernels take; columns have steps of their own at 8 bits, at 4 a tensor has one."""

_SOURCES = (
    "FullyConnectedFunctions/arm_fully_connected_per_channel_s8.c",
    "FullyConnectedFunctions/arm_fully_connected_s4.c",
    "NNSupportFunctions/arm_nn_vec_mat_mult_t_per_ch_s8.c",
    "NNSupportFunctions/arm_nn_vec_mat_mult_t_s4.c",
)
_INPUT_OFFSET = 20
_MULTIPLIER = 1 << 30


@dataclass(frozen=True)
class Peer:
    """A folder of CMSIS-NN's sources and what version they are."""

    folder: Path
    version: str

    @property
    def name(self) -> str:
        return f"{NAME} {self.version}"

    @property
    def extra(self) -> Extra:
        """What an image needs to call it."""
        sources = (*(self.folder / "Source" / name for name in _SOURCES), BENCH / "peer_cmsis_nn.c")
        return Extra("cmsis-nn", sources, (f"-I{self.folder / 'Include'}", "-DBENCH_PEER"))


def find_peer(folder: Path) -> Peer:
    """Looks at the user's checkout.

    Raises:
        UsageError: it is none.
    """
    header = folder / "Include" / "arm_nnfunctions.h"
    missing = [name for name in _SOURCES if not (folder / "Source" / name).is_file()]
    if missing or not header.is_file():
        raise UsageError(
            f"{folder} is no checkout of CMSIS-NN", "git clone https://github.com/ARM-software/CMSIS-NN, then name it"
        )
    found = re.search(r"Revision:\s*V\.?(\S+)", header.read_text(encoding="utf-8", errors="replace"))
    done = subprocess.run(
        ["git", "-C", str(folder), "rev-parse", "--short=9", "HEAD:Source"], capture_output=True, text=True, check=False
    )
    own = done.returncode == 0 and (folder / ".git").exists()
    return Peer(folder.resolve(), (found[1] if found else "unknown") + (f", tree {done.stdout.strip()}" if own else ""))


@dataclass(frozen=True)
class PeerDense(Layer):
    """A fully-connected layer: int8 weights ``[N, K]`` (of 4 bits: -8..7), int32 bias ``[N]``, int8 out.

    Sums are divided by ``2^shift`` and rounded.
    """

    weights: NDArray[np.int8]
    bias: NDArray[np.int32]
    bits: int
    shift: int
    code = 5

    @property
    def outputs(self) -> int:
        return int(self.weights.shape[0])

    @property
    def inputs(self) -> int:
        return int(self.weights.shape[1])

    @property
    def macs(self) -> int:  # type: ignore[override]
        return int(self.weights.size)

    def packed(self, variant: str) -> Packed:
        raw = self.weights.reshape(-1)
        if self.bits == 4:
            raw = (raw[::2] & 15) | (raw[1::2] << 4)
        sums = self.bias + _INPUT_OFFSET * self.weights.sum(1, dtype=np.int32)
        each = np.ones_like(self.bias)
        columns = np.stack([sums, self.bias, _MULTIPLIER * each, (1 - self.shift) * each]).astype(np.int32)
        return Packed({"bits": self.bits}, raw.astype(np.int8).tobytes(), columns.tobytes())

    def step(self, state: Any, *inputs: Features | Floats) -> tuple[Any, Floats]:
        (x,) = inputs
        assert isinstance(x, Features)
        sums = self.weights.astype(np.int64) @ (x.values.astype(np.int64) + _INPUT_OFFSET) + self.bias
        return None, np.clip(np.floor(sums / 2**self.shift + 0.5), -128, 127).astype(np.float32)


def peer_jobs(shapes: Sequence[tuple[int, int]], capacity: int) -> Iterator[tuple[str, Job]]:
    """A job for every shape and width that fits ``capacity`` bytes of constants, with the shape's name."""
    for bits in BITS:
        for inputs, outputs in shapes:
            if inputs * outputs * bits // 8 < capacity * 3 // 4:
                rng = np.random.default_rng((inputs, outputs, bits))
                weights = rng.integers(-(1 << bits - 1), 1 << bits - 1, (outputs, inputs), np.int8)
                bias = rng.integers(-1000, 1000, outputs, np.int32)
                layer = PeerDense(weights, bias, bits, bits + 3)
                yield f"{inputs}x{outputs}", Job(layer, (Features(rng.integers(-128, 128, inputs, np.int8)),))


def verify_peer(job: Job, measured: Measurement, where: str) -> None:
    """Refuses a count of a wrong result; its rounding of ties may differ.

    Raises:
        ToolchainError: an output is more than one off.
    """
    _, wanted = job.layer.step(None, *(x for x in job.inputs if isinstance(x, Features)))
    got = measured.result.y.view(np.int8)[: job.layer.outputs].astype(np.float32)
    if np.abs(wanted - got).max() > 1:
        raise ToolchainError(f"{where}: the peer's result is not what was asked for")
