"""What a search found: a page with the best, all candidates as CSV, a plot, and an experiment that judges."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt

from pipeline.files import replacing, write_text
from pipeline.searching.check import Counted
from pipeline.searching.space import Search
from pipeline.searching.study import Finding


def write_search(search: Search, found: Sequence[Finding], counted: Mapping[int, Counted], out: Path) -> list[Path]:
    """Writes ``NAME.md``, ``.csv``, ``_pareto.svg`` and ``_winners.toml``; returns their paths, the page first.

    Args:
        counted: what the emulator says of winners, by their number.
    """
    paths = [out / f"{search.name}{suffix}" for suffix in (".md", ".csv", "_pareto.svg", "_winners.toml")]
    page, table, plot, winners = paths
    write_text(table, _csv(found))
    _plot(search, found, plot)
    write_text(winners, experiment(search, [one for one in found if one.best]))
    write_text(page, f"# {search.name}\n\n{best_table(found, counted)}\n![Misses and {search.cost}]({plot.name})\n")
    return paths


def best_table(found: Sequence[Finding], counted: Mapping[int, Counted]) -> str:
    """The candidates of which none has both fewer misses and less cost, as Markdown; counted costs in brackets."""
    head = ("candidate", "misses, %", "flash bytes", "RAM bytes", "instructions a step", "weight bits", "settings")
    lines = [head, ("---",) * len(head)]
    for one in sorted((one for one in found if one.best), key=lambda one: one.misses):
        real = counted.get(one.number)
        costs = [
            f"{estimate:,}" + ("" if real is None else f" ({getattr(real, name):,.0f})")
            for name in ("flash_bytes", "ram_bytes", "instructions")
            if (estimate := getattr(one.cost, name)) is not None
        ]
        settings = ", ".join(f"`{key} = {toml(value)}`" for key, value in one.settings.items())
        lines.append((str(one.number), f"{100 * one.misses:.1f}", *costs, str(one.bits), settings))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def experiment(search: Search, winners: Sequence[Finding]) -> str:
    """An experiment that trains the winners as long as their recipe says, with several seeds."""
    widths = sorted({one.bits for one in winners}, reverse=True)
    lines = [f'name = "{search.name[:24]}_winners"', f"recipe = {toml(search.recipe)}", f"qat = {toml(widths)}"]
    for one in winners:
        lines += ["", "[[change]]", f'name = "candidate {one.number}, {one.bits} bits"']
        lines += [f"set.{key} = {toml(value)}" for key, value in one.settings.items()]
    return "\n".join(lines) + "\n"


def toml(value: Any) -> str:
    """A value of a recipe as TOML has it, on one line."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key} = {toml(one)}' for key, one in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value)


def _csv(found: Sequence[Finding]) -> str:
    rows = [
        {
            "candidate": one.number,
            "best": one.best,
            "bits": one.bits,
            "misses": one.misses,
            **asdict(one.cost),
            **{key: toml(value) for key, value in one.settings.items()},
        }
        for one in found
    ]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _plot(search: Search, found: Sequence[Finding], path: Path) -> None:
    figure, axes = plt.subplots(figsize=(6, 4))
    for best, style in ((False, "o"), (True, "o-")):
        chosen = sorted((getattr(one.cost, search.cost), 100 * one.misses) for one in found if one.best is best)
        label = "best" if best else "other candidates"
        axes.plot([cost for cost, _ in chosen], [misses for _, misses in chosen], style, label=label)
    axes.set(xlabel=search.cost.replace("_", " "), ylabel="misses at 1 % false accepts, %")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    with replacing(path) as temporary:
        figure.savefig(temporary, bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)
