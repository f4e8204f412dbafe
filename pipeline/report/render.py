"""Writes ``report.json`` and the self-contained ``report.html``."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.files import write_text
from pipeline.report.data import SCHEMA, Report


def write_report(report: Report, folder: Path) -> tuple[Path, Path]:
    """Writes ``report.json`` and ``report.html`` into ``folder`` and returns both paths.

    Raises:
        OSError: the folder cannot be written.
    """
    json_path, html_path = folder / "report.json", folder / "report.html"
    write_text(json_path, json.dumps(to_json(report), indent=1) + "\n")
    write_text(html_path, to_html(report))
    return json_path, html_path


def to_json(report: Report) -> dict[str, Any]:
    """The report as JSON-able data, with derived figures spelled out for readers that do not know the formulas."""
    data = {"schema": SCHEMA, **dataclasses.asdict(report)}
    data["device"]["milliseconds"] = report.device.milliseconds
    data["parity"]["equal"] = report.parity.equal
    for row, memory in zip(data["memory"], report.memory, strict=True):
        row["saved"] = memory.saved
    for row, layer in zip(data["layers"], report.layers, strict=True):
        row["macs"], row["time_per_mac"] = layer.macs, layer.time_per_mac
    return data


def to_html(report: Report) -> str:
    """The report as one HTML page with no outside references."""
    from pipeline.report import plots  # matplotlib takes a second to import, and only this needs it

    environment = Environment(
        loader=PackageLoader("pipeline.report", "."),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = lambda value: f"{100 * value:.1f}"
    environment.filters["kib"] = lambda value: f"{value / 1024:.1f}"
    environment.filters["thousands"] = lambda value: f"{value:,.0f}"
    return environment.get_template("report.html.j2").render(
        r=report,
        accuracy_plot=plots.accuracy_bars(report.accuracy),
        det_plot=plots.det_curves(report.accuracy),
        confusion_plot=plots.confusion_matrix(report.confusion),
        memory_plot=plots.memory_bars(report.memory),
        layer_plot=plots.layer_bars(report.layers, report.device.unit),
    )
