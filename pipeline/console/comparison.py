"""Two reports side by side in a terminal."""

from __future__ import annotations

from pathlib import Path

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.report import FIGURES, read_report


def show_comparison(console: Console, first: Path, second: Path) -> None:
    """Prints the figures of two reports, and by how much the second is above the first.

    Raises:
        UsageError: see ``read_report``.
    """
    reports = [read_report(path) for path in (first, second)]
    for letter, path, data in zip("AB", (first, second), reports, strict=True):
        console.print(f"{letter}  {escape(data['title'])}  [dim]{escape(str(path))}[/]", highlight=False)
    clips = [data["provenance"]["corpus_hash"] for data in reports]
    if clips[0] != clips[1]:
        console.print("They were tested on different clips: accuracies differ for that reason too.", highlight=False)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("", "A", "B", "B - A"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for figure in FIGURES:
        values = [figure.of(data) for data in reports]
        texts = [figure.text(value) for value in values]
        known = [value for value in values if value is not None]
        change = f"{known[1] - known[0]:+,.{figure.decimals}f}" if len(known) == 2 else ""
        table.add_row(figure.name, *texts, change)
    console.print(table)
