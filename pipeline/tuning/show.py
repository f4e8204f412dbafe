"""Tuned of tuning as a table, a plot and JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from matplotlib.figure import Figure
from rich import box
from rich.console import Console
from rich.table import Table

from pipeline.files import replacing, write_text
from pipeline.report.listening import Tuned

SCHEMA = "dynq-tuning-2"
_SHOWN_WORDS = 12
_FLOOR, _MOST = 0.03, 500.0


def write_results(results: Tuned, folder: Path) -> tuple[Path, Path]:
    """Writes ``tuning.json`` and ``det.png``."""
    plot, data = folder / "det.png", folder / "tuning.json"
    write_text(data, json.dumps({"schema": SCHEMA, **asdict(results)}, indent=1, ensure_ascii=False))
    with replacing(plot) as temporary:
        _det(results).savefig(temporary, dpi=130, bbox_inches="tight")
    return data, plot


def show_results(console: Console, results: Tuned) -> None:
    """Prints thresholds, what validation shows, and what the test streams give."""
    thresholds = ", ".join(f"{word} {value:.4f}" for word, value in results.thresholds.items())
    console.print(f"thresholds  {thresholds}; mean over {results.smoothing_frames}", highlight=False)
    console.print(
        f"validation  {results.validation_false_accepts} false accepts in {results.validation_hours:.1f} h, at most "
        f"{results.validation_upper:.2f} per hour (95 %); {100 * results.validation_miss_rate:.1f} % missed",
        highlight=False,
    )
    if not results.bounded:
        console.print(
            f"[yellow]too little[/] to show that {results.budget:g} per hour hold: it takes "
            f"{3.0 / results.budget:.1f} h without a false accept; thresholds lie where the tail of the scores says",
            highlight=False,
        )
    table = Table("false accepts on test", "hours", "events", "per hour", "95 %", box=box.SIMPLE_HEAD, pad_edge=False)
    for row in results.false_accepts:
        interval = f"{row.interval[0]:.2f} - {row.interval[1]:.2f}"
        table.add_row(row.kind, f"{row.hours:.2f}", str(row.count), f"{row.per_hour:.2f}", interval)
    console.print(table)
    headings = ("misses on test", "said", "missed", "%", "95 %", "by speaker", "latency")
    table = Table(*headings, box=box.SIMPLE_HEAD, pad_edge=False)
    for miss in results.misses:
        latency = "" if miss.latency_ms is None else f"{miss.latency_ms[0]:.0f} ms, 95 % in {miss.latency_ms[1]:.0f}"
        interval = f"{100 * miss.interval[0]:.1f} - {100 * miss.interval[1]:.1f}"
        shares = (f"{100 * miss.rate:.1f}", interval, f"{100 * miss.speaker_mean:.1f}")
        table.add_row(miss.kind, str(miss.said), str(miss.missed), *shares, latency)
    console.print(table)
    woken = list(results.false_accepts[-1].woken_by.items())[:_SHOWN_WORDS]
    if woken:
        console.print("woken by  " + ", ".join(f"{what} ({count})" for what, count in woken), highlight=False)


def _det(results: Tuned) -> Figure:
    figure = Figure(figsize=(6.4, 4.4))
    axes = figure.subplots()
    rates = [max(point.false_accepts_per_hour, _FLOOR) for point in results.curve]
    for miss in results.misses:
        line = axes.plot(rates, [100 * point.misses[miss.kind] for point in results.curve], drawstyle="steps-post",
                         label=miss.kind)  # fmt: skip
        at = max(results.false_accepts[-1].per_hour, _FLOOR)
        axes.plot(at, 100 * miss.rate, "o", color=line[0].get_color())
    axes.axvline(results.budget, color="0.5", linestyle=":", label=f"budget of {results.budget:g}")
    axes.set_xscale("log")
    axes.set_xlim(_FLOOR, _MOST)  # beyond it the time after each event, in which there is no other, hides keywords
    axes.set_ylim(0, 100)
    axes.set_xlabel(f"false accepts per hour on test (none: {_FLOOR:g})")
    axes.set_ylabel("keywords missed, %")
    axes.set_title(f"{results.model}, mean over {results.smoothing_frames} (dots: as tuned)")
    axes.grid(which="both", color="0.9")
    axes.legend(frameon=False)
    return figure
