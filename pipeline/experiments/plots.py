"""An experiment's plots, as SVG files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from pipeline.experiments.paired import Row
from pipeline.files import replacing

_FLOOR = 1e-3


def plot_det(rows: Sequence[Row], path: Path) -> None:
    """Misses against false accepts of every model, both logarithmic, mean over seeds."""
    figure, axes = plt.subplots(figsize=(6, 5))
    for row in rows:
        accepted, misses = np.array(row.det).T
        axes.plot(100 * accepted, 100 * np.maximum(misses, _FLOOR), label=_title(row))
    axes.set(xscale="log", yscale="log", xlabel="false accepts, % of clips of other words")
    axes.set_ylabel("misses, % of keyword clips")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.grid(which="both", alpha=0.3)
    axes.legend(frameon=False, fontsize=8)
    _save(figure, path)


def plot_misses(rows: Sequence[Row], sizes: Sequence[int], path: Path) -> None:
    """Misses at 1 % false accepts, with intervals over speakers, against bytes of weights and parameters."""
    figure, axes = plt.subplots(figsize=(6, 4))
    for row, size in zip(rows, sizes, strict=True):
        found = row.missed
        reach = [[100 * max(0, found.value - found.low)], [100 * max(0, found.high - found.value)]]
        axes.errorbar(size / 1024, 100 * found.value, reach, fmt="o", capsize=3, label=_title(row))
    axes.set(xscale="log", xlabel="weights and parameters, KiB", ylabel="misses at 1 % false accepts, %")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_ylim(bottom=0)
    axes.grid(which="both", alpha=0.3)
    axes.legend(frameon=False, fontsize=8)
    _save(figure, path)


def _title(row: Row) -> str:
    return f"{row.variant}, {row.weights}"


def _save(figure: Figure, path: Path) -> None:
    with replacing(path) as temporary:
        figure.savefig(temporary, bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)
