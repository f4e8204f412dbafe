"""The report's plots, as SVG text (matplotlib)."""

from __future__ import annotations

import io
import re

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from pipeline.report.data import AccuracyRow, Confusion, LayerRow, MemoryRow

INK, MUTED, GRID = "#1c2430", "#6b7684", "#d8dee6"
COLOURS = ("#30363d", "#2f6fb3", "#1a9a72", "#c9772b", "#8a5cc2", "#b83a4b")

plt.rcParams.update(
    {
        "font.family": "sans-serif",
        "font.size": 10,
        "svg.fonttype": "none",
        "axes.edgecolor": GRID,
        "axes.labelcolor": INK,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "text.color": INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "grid.color": GRID,
        "grid.linewidth": 0.7,
        "svg.hashsalt": "dynq",
    }
)


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    figure.savefig(
        buffer, format="svg", bbox_inches="tight", transparent=True, metadata={"Date": None, "Creator": None}
    )
    plt.close(figure)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    # fill the column whatever the figure's own size in points
    return re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', 'width="100%"', text, count=1)


def accuracy_bars(rows: tuple[AccuracyRow, ...]) -> str:
    """Keyword accuracy of every model with its 95 % interval."""
    figure, axes = plt.subplots(figsize=(6.4, 0.55 * len(rows) + 0.9))
    for i, row in enumerate(rows):
        low, high = row.keyword_interval
        axes.plot(
            [100 * low, 100 * high], [i, i], color=COLOURS[i % 6], linewidth=2, alpha=0.45, solid_capstyle="round"
        )
        axes.plot(100 * row.keyword, i, "o", color=COLOURS[i % 6], markersize=8)
        axes.annotate(
            f"{100 * row.keyword:.1f}",
            (100 * row.keyword, i),
            xytext=(0, 8),
            textcoords="offset points",
            ha="center",
            fontsize=9,
        )
    axes.set_yticks(range(len(rows)), [f"{row.name}, {row.runs_on}" for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.7)
    axes.set_xlabel("keyword clips recognised, %  (bar: 95 % interval)")
    axes.grid(axis="x")
    return _svg(figure)


def det_curves(rows: tuple[AccuracyRow, ...]) -> str:
    """Detection error trade-off: false rejects against false accepts, both logarithmic."""
    figure, axes = plt.subplots(figsize=(5.2, 3.9))
    shown = [row for row in rows if row.det]
    for i, row in enumerate(shown):
        accept, reject = np.array(row.det).T
        axes.step(
            100 * np.maximum(accept, 1e-4),
            100 * np.maximum(reject, 1e-4),
            where="post",
            color=COLOURS[i % 6],
            linewidth=1.6,
            label=f"{row.name}, {row.runs_on}",
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(0.1, 100)
    axes.set_ylim(1, 100)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel("false accepts, % of clips without a keyword")
    axes.set_ylabel("false rejects, % of keyword clips")
    axes.grid(which="both")
    if shown:
        axes.legend(frameon=False, fontsize=8)
    return _svg(figure)


def confusion_matrix(confusion: Confusion) -> str:
    """Heat map, rows normalised; the numbers are clips."""
    counts = np.array(confusion.counts, float)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = 0.52 * len(counts) + 1.4
    figure, axes = plt.subplots(figsize=(size + 0.6, size))
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for i, j in np.ndindex(counts.shape):
        if counts[i, j]:
            axes.text(
                j,
                i,
                f"{counts[i, j]:.0f}",
                ha="center",
                va="center",
                fontsize=8,
                color="white" if share[i, j] > 0.55 else INK,
            )
    ticks = range(len(counts))
    axes.set_xticks(ticks, confusion.labels, rotation=45, ha="right")
    axes.set_yticks(ticks, confusion.labels)
    axes.set_xlabel("answered")
    axes.set_ylabel("spoken")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return _svg(figure)


def memory_bars(rows: tuple[MemoryRow, ...]) -> str:
    """Bytes of weights and of per-column parameters at every width, float32 first."""
    figure, axes = plt.subplots(figsize=(6.4, 0.5 * (len(rows) + 1) + 0.9))
    names = ["float32", *(row.name for row in rows)]
    weights = np.array([rows[0].float_bytes, *(row.weight_bytes for row in rows)]) / 1024
    parameters = np.array([0, *(row.parameter_bytes for row in rows)]) / 1024
    axes.barh(names, weights, color=[COLOURS[0]] + [COLOURS[1]] * len(rows), height=0.55, label="weights")
    axes.barh(names, parameters, left=weights, color=COLOURS[3], height=0.55, label="per-column parameters")
    for i, total in enumerate(weights + parameters):
        saved = f"   -{100 * rows[i - 1].saved:.1f} %" if i else ""
        axes.annotate(
            f"{total:.1f} KiB{saved}", (total, i), xytext=(4, 0), textcoords="offset points", va="center", fontsize=9
        )
    axes.set_xlim(0, 1.28 * (weights + parameters).max())
    axes.invert_yaxis()
    axes.set_xlabel("KiB")
    axes.legend(
        handles=axes.containers[1:], labels=["per-column parameters"], frameon=False, fontsize=8, loc="lower right"
    )
    return _svg(figure)


def layer_bars(rows: tuple[LayerRow, ...], unit: str) -> str:
    """Where an inference spends its time."""
    figure, axes = plt.subplots(figsize=(11, 0.45 * len(rows) + 0.8))
    times = np.array([row.time or 0 for row in rows])
    axes.barh([row.name for row in rows], times, color=COLOURS[2], height=0.55)
    for i, row in enumerate(rows):
        if row.time is not None and row.time_per_mac is not None:
            axes.annotate(
                f"{row.time:,.0f}  ({row.time_per_mac:.2f} per MAC)",
                (row.time, i),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=9,
            )
    axes.set_xlim(0, 1.4 * max(times.max(), 1))
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_xlabel(f"{unit} per inference")
    return _svg(figure)
