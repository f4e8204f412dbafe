"""The page that lists the reports of a folder, so that runs for several targets and widths are found again."""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import UsageError
from pipeline.files import write_text
from pipeline.report.figures import FIGURES, Data, read_report
from pipeline.report.template import template

INDEX = "index.html"


def write_index(folder: Path) -> Path:
    """Writes the page that lists all reports of this version in ``folder``, by name."""
    reports = [(path.stem, data) for path in sorted(folder.glob("*.json")) if (data := _report(path)) is not None]
    rows = [(name, data["title"], [figure.text(figure.of(data)) for figure in FIGURES]) for name, data in reports]
    page = folder / INDEX
    write_text(page, template("index.html.j2").render(folder=folder.name, figures=FIGURES, rows=rows))
    return page


def _report(path: Path) -> Data | None:
    try:
        return read_report(path)
    except UsageError:
        return None  # another kind of file, or of an earlier version
