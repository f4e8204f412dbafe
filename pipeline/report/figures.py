"""The figures that reports are compared by, read from their JSON files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import UsageError
from pipeline.report.data import SCHEMA

Data = Mapping[str, Any]


@dataclass(frozen=True)
class Figure:
    """One figure of a report.

    Attributes:
        name: what it is, with its unit.
        decimals: that are shown.
        of: takes it from a report's data; None where a run has none.
    """

    name: str
    decimals: int
    of: Callable[[Data], float | None]

    def text(self, value: float | None) -> str:
        """A value as it is shown."""
        return "" if value is None else f"{value:,.{self.decimals}f}"


def _tested(key: str, factor: float) -> Callable[[Data], float | None]:
    return lambda data: factor * float(data["accuracy"][-1][key])


def _cost(data: Data) -> Data | None:
    found: Data | None = data["listening"]
    return found


def _tuned(data: Data) -> Data | None:
    models = data["tuning"]["models"]
    return models[0] if models else None


FIGURES = (
    Figure(
        "listening: false accepts per hour",
        2,
        lambda data: float(tuned["false_accepts"][-1]["per_hour"]) if (tuned := _tuned(data)) else None,
    ),
    Figure(
        "listening: missed in quiet, %",
        1,
        lambda data: 100 * float(tuned["misses"][0]["rate"]) if (tuned := _tuned(data)) else None,
    ),
    Figure(
        "listening: missed in quiet more than float32, points",
        1,
        lambda data: (
            100 * float(tuned["against_float"][0]["rate"])
            if (tuned := _tuned(data)) and tuned["against_float"]
            else None
        ),
    ),
    Figure("missed, %", 1, _tested("miss", 100)),
    Figure("missed by speaker, %", 1, _tested("speaker_miss", 100)),
    Figure("false accepts, %", 1, _tested("false_accept", 100)),
    Figure("missed at 1 % false accepts, %", 1, _tested("miss_at_1", 100)),
    Figure("recognised, %", 1, _tested("keyword", 100)),
    Figure("recognised by speaker, %", 1, _tested("speaker_mean", 100)),
    Figure("weights and parameters, KiB", 1, _tested("model_bytes", 1 / 1024)),
    Figure("flash, KiB", 1, lambda data: float(data["device"]["flash_bytes"]) / 1024),
    Figure("RAM, KiB", 1, lambda data: float(data["ram"]["total"]) / 1024),
    Figure("share of the core, %", 1, lambda data: 100 * cost["share"] if (cost := _cost(data)) else None),
    Figure(
        "a step of the network, instructions or cycles",
        0,
        lambda data: cost["network"] / cost["steps"] if (cost := _cost(data)) else None,
    ),
    Figure("logits unlike the reference's", 0, lambda data: float(data["parity"]["differing_logits"])),
)
"""In the order in which they are shown."""


def read_report(path: Path) -> Data:
    """The data of a report.

    Raises:
        UsageError: the file is not there, or no report of this version.
    """
    path = path.with_suffix(".json") if path.suffix == ".html" else path
    try:
        data = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"no report {path}: {error.strerror}", "name the .json or .html of a run") from None
    except ValueError:
        data = None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA or not _whole(data):
        raise UsageError(f"{path} is no report of this version", f"run its build again; the layout is {SCHEMA}")
    return data


def _whole(data: Data) -> bool:
    """Whether all figures are there."""
    try:
        return all(figure.text(figure.of(data)) is not None for figure in FIGURES)
    except (LookupError, TypeError, ValueError):
        return False
