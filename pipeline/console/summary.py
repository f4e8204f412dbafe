"""The report in a terminal's few lines."""

from __future__ import annotations

from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from pipeline.report import Report


def show_report(console: Console, report: Report, html: Path) -> None:
    """Prints accuracy, memory, time and parity of a run, and where its page is."""
    console.print()
    console.print(f"[bold]{report.title}[/]", highlight=False)
    console.print(f"[dim]{report.summary}[/]", highlight=False)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for heading in ("model", "runs on", "keywords", "95 %", "speech", "KiB", "saved %"):
        table.add_column(heading, justify="left" if heading in ("model", "runs on") else "right", no_wrap=True)
    float_bytes = report.memory[0].float_bytes
    for row in report.accuracy:
        low, high = row.keyword_interval
        table.add_row(
            row.name,
            row.runs_on,
            f"[bold]{100 * row.keyword:.1f} %[/]",
            f"{100 * low:.1f} - {100 * high:.1f}",
            f"{100 * row.spoken:.1f} %",
            f"{row.model_bytes / 1024:.1f}",
            f"{100 * (1 - row.model_bytes / float_bytes):.1f}",
        )
    for base in report.baselines:
        keyword, spoken = f"{100 * base.keyword:.1f} %", f"{100 * base.spoken:.1f} %"
        table.add_row(base.name, "LiteRT", keyword, "", spoken, f"{base.model_bytes / 1024:.1f}", "")
    console.print(table)
    device, parity = report.device, report.parity
    if device.time_per_inference is not None:
        time = f"{device.time_per_inference:,.0f} {device.unit} per inference"
        if device.milliseconds is not None and device.clock_hz:
            time += f" (about {device.milliseconds:.2f} ms at {device.clock_hz / 1e6:.0f} MHz)"
        console.print(f"  latency  {time}", highlight=False)
    stack = "" if device.stack_used is None else f", stack {device.stack_used:,}"
    console.print(
        f"  image    flash {device.flash_bytes:,} bytes ({device.model_flash_bytes:,} model), "
        f"RAM {device.ram_bytes:,}{stack}",
        highlight=False,
    )
    colour = "green" if parity.differing_logits == 0 else "bold red"
    console.print(
        f"  parity   [{colour}]{parity.logits - parity.differing_logits:,} of {parity.logits:,} logits equal to the "
        f"bit[/] ({parity.clips:,} clips)",
        highlight=False,
    )
    console.print(f"  report   {html}", highlight=False)
