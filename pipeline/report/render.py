"""Writes a report as JSON and as a self-contained page."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from pipeline.files import write_text
from pipeline.report.data import SCHEMA, Report
from pipeline.report.index import write_index
from pipeline.report.template import template


def write_report(report: Report, folder: Path, name: str) -> tuple[Path, Path]:
    """Writes ``NAME.json`` and ``NAME.html`` into ``folder``, and the index page of all reports there.

    Returns:
        Paths of the JSON file and of the page.

    Raises:
        OSError: the folder cannot be written.
    """
    json_path, html_path = folder / f"{name}.json", folder / f"{name}.html"
    write_text(json_path, json.dumps(to_json(report), indent=1) + "\n")
    write_text(html_path, to_html(report))
    write_index(folder)
    return json_path, html_path


def to_json(report: Report) -> dict[str, Any]:
    """The report as JSON-able data, with derived figures spelled out for readers that do not know the formulas."""
    data = {"schema": SCHEMA, **dataclasses.asdict(report)}
    _add(data["test"], report.test, "dominant_share")
    _add(data["device"], report.device, "code_flash_bytes")
    _add(data["ram"], report.ram, "total", "application_bytes")
    _add(data["parity"], report.parity, "equal")
    for rows, values, names in (
        (data["words"], report.words, ("miss",)),
        (data["memory"], report.memory, ("model_bytes", "saved", "saved_against_int8")),
        (data["layers"], report.layers, ("time_per_mac",)),
    ):
        for row, value in zip(rows, values, strict=True):
            _add(row, value, *names)
    for row, model in zip(data["accuracy"] + data["baselines"], report.accuracy + report.baselines, strict=True):
        row["saved"], row["saved_against_int8"] = report.saved(model), report.saved_against_int8(model)
    if report.listening is not None:
        _add(data["listening"], report.listening, "share", "step_ms")
        data["listening"]["parts"] = [dataclasses.asdict(part) for part in report.listening.parts]
    return data


def _add(row: dict[str, Any], value: object, *names: str) -> None:
    row.update({name: getattr(value, name) for name in names})


def to_html(report: Report) -> str:
    """The report as one HTML page with no outside references."""
    from pipeline.report import plots  # matplotlib takes a second to import, and only this needs it

    tuned = report.tuning.models
    return template("report.html.j2").render(
        r=report,
        accuracy_plot=plots.accuracy_dots(report.accuracy + report.baselines),
        det_plot=plots.det_curves(report.accuracy + report.baselines),
        networks_plot=plots.curves_of_networks(tuned) if tuned else "",
        noise_plot=plots.curves_in_noise(tuned[0]) if tuned else "",
    )
