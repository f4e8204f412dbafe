"""What an experiment found, as Markdown for people, CSV and JSON for programs, and plots."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from pipeline.cost import Cost
from pipeline.experiments.paired import Difference, Model, Row
from pipeline.experiments.plots import plot_det, plot_misses
from pipeline.files import write_text
from pipeline.training.evaluate import Estimate

_HEAD = (
    "condition", "variant", "weights", "keywords recognised", "of each seed", "mean of speakers", "against float",
    "against the first variant", "misses at 1 %", "mean of speakers", "against float", "against the first variant",
    "misses, threshold of validation", "mean of speakers", "against float", "against the first variant",
    "other words accepted", "those that training never heard",
)  # fmt: skip


def write_results(
    spec: Mapping[str, Any], name: str, rows: Sequence[Row], costs: Mapping[Model, Cost], out: Path
) -> list[Path]:
    """Writes ``NAME.md``, ``.csv``, ``.json`` and two plots beside them; returns their paths, the page first."""
    paths = {suffix: out / f"{name}{suffix}" for suffix in (".md", ".csv", ".json", "_det.svg", "_misses.svg")}
    clean = [row for row in rows if row.condition == rows[0].condition]
    plot_det(clean, paths["_det.svg"])
    plot_misses(clean, [costs[row.variant, row.weights].bytes for row in clean], paths["_misses.svg"])
    table = [{**_flat(asdict(row)), **asdict(costs[row.variant, row.weights])} for row in rows]
    write_text(paths[".csv"], _csv([{key: value for key, value in row.items() if key != "det"} for row in table]))
    document = {
        "experiment": dict(spec),
        "results": [_plain({**asdict(row), "cost": asdict(costs[row.variant, row.weights])}) for row in rows],
    }
    write_text(paths[".json"], json.dumps(document, indent=1) + "\n")
    plots = "\n".join(f"![{title}]({paths[plot].name})" for plot, title in (
        ("_misses.svg", "Misses and bytes"), ("_det.svg", "Misses against false accepts")
    ))  # fmt: skip
    write_text(paths[".md"], f"# {name}\n\n{markdown(rows)}\n{cost_table(costs)}\n{plots}\n")
    return list(paths.values())


def markdown(rows: Sequence[Row]) -> str:
    """A table of all rows, in per cent and points; columns that no row fills are left out."""
    cells = [_cells(row) for row in rows]
    shown = [place for place in range(len(_HEAD)) if any(row[place] for row in cells)]
    return _table([_HEAD[place] for place in shown], [[row[place] for place in shown] for row in cells])


def cost_table(costs: Mapping[Model, Cost]) -> str:
    """What every model takes of a device."""
    names = [field.name for field in fields(Cost)]
    lines = [[*model, *(_whole(getattr(cost, name)) for name in names)] for model, cost in costs.items()]
    return _table(["variant", "weights", *(name.replace("_", " ") for name in names)], lines)


def _whole(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    return "".join(f"| {' | '.join(line)} |\n" for line in (head, ["---"] * len(head), *lines))


def _cells(row: Row) -> list[str]:
    def against(of: str) -> list[str]:
        return [_points(difference, of) for difference in (row.to_float, row.to_first)]

    return [
        row.condition, row.variant, row.weights,
        share(row.recognised), _each(row.by_seed), share(row.per_speaker), *against("recognised"),
        share(row.missed), share(row.missed_per_speaker), *against("missed"),
        share(row.missed_tuned), share(row.missed_tuned_per_speaker), *against("missed_tuned"),
        _percent(row.accepted), _percent(row.accepted_unseen),
    ]  # fmt: skip


def share(estimate: Estimate) -> str:
    """An estimate in per cent, with its interval."""
    return f"{100 * estimate.value:.1f} [{100 * estimate.low:.0f}, {100 * estimate.high:.0f}]"


def _points(difference: Difference | None, of: str) -> str:
    if difference is None:
        return ""
    estimate: Estimate = getattr(difference, of)
    return f"{100 * estimate.value:+.1f} [{100 * estimate.low:+.1f}, {100 * estimate.high:+.1f}]"


def _each(values: Sequence[float]) -> str:
    return " ".join(f"{100 * value:.1f}" for value in values)


def _percent(value: float) -> str:
    return "" if math.isnan(value) else f"{100 * value:.1f}"


def _flat(table: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """One level of keys: recognised, recognised.low, to_float.missed.value."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{above}{key}.")
        elif key.endswith("by_seed"):
            found |= {f"{above}{key}.{i}": one for i, one in enumerate(value)}
        else:
            found[above + key] = value
    return found


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _plain(value: Any) -> Any:
    """A value for JSON, which has no NaN."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and math.isnan(value) else value
