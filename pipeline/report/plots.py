"""The report's plots, as SVG text (matplotlib). Colours are the page's, so that they follow light and dark."""

from __future__ import annotations

import io
import re

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.report.data import AccuracyRow
from pipeline.report.listening import Tuned

_INK, _MUTED, _GRID = "#010203", "#040506", "#070809"
_LINES = tuple(f"#0a0b{i:02x}" for i in range(8))
# stand-ins, each with the page's variable that takes its place
_VARIABLES = {_INK: "--ink", _MUTED: "--muted", _GRID: "--line", **{c: f"--c{i}" for i, c in enumerate(_LINES)}}
_DASHES = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (8, 2, 2, 2)))
_LOWEST_RATE = 0.05

plt.rcParams.update(
    {
        "font.family": "sans-serif",
        "font.size": 10,
        "svg.fonttype": "none",
        "axes.edgecolor": _GRID,
        "axes.labelcolor": _INK,
        "xtick.color": _MUTED,
        "ytick.color": _MUTED,
        "text.color": _INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "grid.color": _GRID,
        "grid.linewidth": 0.7,
        "svg.hashsalt": "dynq",
    }
)


def _svg(figure: Figure, name: str) -> str:
    buffer = io.StringIO()
    figure.savefig(
        buffer, format="svg", bbox_inches="tight", transparent=True, metadata={"Date": None, "Creator": None}
    )
    plt.close(figure)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub("|".join(_VARIABLES), lambda found: f"var({_VARIABLES[found[0]]})", text)
    # fill the column whatever the figure's own size in points
    return re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', f'width="100%" role="img" aria-label="{name}"', text, count=1)


def _title(row: AccuracyRow) -> str:
    return f"{row.name}, {row.runs_on}"


def accuracy_dots(rows: tuple[AccuracyRow, ...]) -> str:
    """Keywords recognised, with the 95 % interval, and missed at 1 % false accepts, for every model."""
    shown = _distinct(rows)
    height = 0.5 * len(shown)
    figure, (above, below) = plt.subplots(2, 1, figsize=(5.2, 2 * height + 1.7), gridspec_kw={"hspace": 0.7 / height})
    for place, (i, row, _) in enumerate(shown):
        colour = _LINES[i % len(_LINES)]
        interval = [100 * value for value in row.keyword_interval]
        above.plot(interval, [place, place], color=colour, linewidth=2, alpha=0.5, solid_capstyle="round")
        _dot(above, 100 * row.keyword, place, colour)
        below.plot([0, 100 * row.miss_at_1], [place, place], color=colour, linewidth=2, alpha=0.5)
        _dot(below, 100 * row.miss_at_1, place, colour)
    for axes, label in (
        (above, "keyword clips recognised, %  (line: 95 % interval)"),
        (below, "keyword clips missed at 1 % false accepts, %"),
    ):
        axes.set_yticks(range(len(shown)), [title for *_, title in shown])
        axes.set_ylim(len(shown) - 0.5, -0.7)
        axes.set_xlabel(label)
        axes.grid(axis="x")
    below.set_xlim(left=0)
    return _svg(figure, "Keywords recognised and missed by every model")


def _dot(axes: Axes, value: float, place: int, colour: str) -> None:
    axes.plot(value, place, "o", color=colour, markersize=8)
    axes.annotate(f"{value:.1f}", (value, place), xytext=(0, 8), textcoords="offset points", ha="center")


def _distinct(rows: tuple[AccuracyRow, ...]) -> list[tuple[int, AccuracyRow, str]]:
    """Number, row and title of every model; those whose answers are the same (the reference, and the device that
    returns its bits) are one."""
    found: dict[tuple[object, ...], tuple[int, AccuracyRow, list[str]]] = {}
    for i, row in enumerate(rows):
        answers = (row.det, row.keyword, row.miss_at_1, row.keyword_interval)
        found.setdefault(answers, (i, row, []))[2].append(_title(row))
    return [(i, row, " = ".join(titles)) for i, row, titles in found.values()]


def det_curves(rows: tuple[AccuracyRow, ...]) -> str:
    """Detection error trade-off: false rejects against false accepts, both logarithmic.

    Curves that coincide stay visible: each later one is thinner, and dashed in its own way.
    """
    figure, axes = plt.subplots(figsize=(5.2, 4.2))
    shown = [found for found in _distinct(rows) if found[1].det]
    for order, (i, row, title) in enumerate(shown):
        accept, reject = np.array(row.det).T
        axes.step(
            100 * np.maximum(accept, 1e-4),
            100 * np.maximum(reject, 1e-4),
            where="post",
            color=_LINES[i % len(_LINES)],
            linewidth=1.4 + 0.8 * (len(shown) - 1 - order),
            linestyle=_DASHES[order % len(_DASHES)],
            label=title,
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(0.1, 100)
    axes.set_ylim(0.5, 100)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel("false accepts, % of clips of other words")
    axes.set_ylabel("misses, % of keyword clips")
    axes.grid(which="both")
    if shown:
        axes.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=1)
    return _svg(figure, "Misses against false accepts")


def curves_of_networks(models: tuple[Tuned, ...]) -> str:
    """Misses in quiet against false accepts per hour on continuous audio, for every model; the device's comes first."""
    first = f"{models[0].weights} (the device)"
    lines = [(title, model, model.misses[0].kind) for title, model in zip(
        (first, *(model.weights for model in models[1:])), models, strict=True)]  # fmt: skip
    return _rates(lines, "Misses in quiet against false accepts per hour, for every network")


def curves_in_noise(model: Tuned) -> str:
    """The same for one model, in every noise."""
    lines = [(miss.kind, model, miss.kind) for miss in model.misses]
    return _rates(lines, "Misses in noise against false accepts per hour")


def _rates(lines: list[tuple[str, Tuned, str]], name: str) -> str:
    """Curves of models and keyword streams, by title.

    Dots are the points that the tuned thresholds gave; a rate of nothing is drawn at the left edge.
    """
    figure, axes = plt.subplots(figsize=(5.2, 4.0))
    for order, (title, model, kind) in enumerate(lines):
        colour = _LINES[order % len(_LINES)]
        rates = np.maximum([point.false_accepts_per_hour for point in model.curve], _LOWEST_RATE)
        misses = [100 * point.misses[kind] for point in model.curve]
        dashes, width = _DASHES[order % len(_DASHES)], 1.4 + 0.4 * (len(lines) - 1 - order)
        axes.step(rates, misses, where="post", color=colour, linewidth=width, linestyle=dashes, label=title)
        tuned = next(miss for miss in model.misses if miss.kind == kind)
        at = max(model.false_accepts[-1].per_hour, _LOWEST_RATE)
        axes.plot(at, 100 * tuned.rate, "o", color=colour, markersize=7)
    axes.axvline(lines[0][1].budget, color=_MUTED, linestyle=":", linewidth=1.2)
    axes.set_xscale("log")
    axes.set_xlim(_LOWEST_RATE * 0.9, 500)
    axes.set_ylim(0, 100)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel("false accepts per hour")
    axes.set_ylabel("keywords missed, %")
    axes.grid(which="both")
    axes.legend(frameon=False, fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    return _svg(figure, name)
