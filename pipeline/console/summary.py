"""The report in a terminal's few lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.report import Report


def show_report(console: Console, report: Report, html: Path) -> None:
    """Prints accuracy, memory, time and parity of a run, and where its page is: the page's own figures."""
    console.print()
    console.print(f"[bold]{escape(report.title)}[/]", highlight=False)
    console.print(f"[dim]{escape(report.summary)}[/]", highlight=False)
    console.print(_accuracy(report))
    worst = max(report.words, key=lambda row: row.miss, default=None)
    if worst is not None and worst.missed:
        taken = "".join(f", {count} taken for {word}" for word, count in worst.taken_for[:2])
        console.print(
            f"  missed   most: {worst.word}, {worst.missed} of {worst.clips} clips{taken}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
    for line in _device(report):
        console.print(line, highlight=False, soft_wrap=True)
    parity = report.parity
    colour = "green" if parity.differing_logits == 0 else "bold red"
    console.print(
        f"  parity   [{colour}]{parity.logits - parity.differing_logits:,} of {parity.logits:,} logits equal to the "
        f"bit[/] ({parity.clips:,} clips)",
        highlight=False,
    )
    for tuned in report.tuning.models[:1]:
        rate, quiet = tuned.false_accepts[-1], tuned.misses[0]
        console.print(
            f"  heard    {rate.per_hour:.2f} false accepts per hour ({rate.interval[0]:.2f} - {rate.interval[1]:.2f}; "
            f"{rate.hours:.1f} h), {100 * quiet.rate:.1f} % missed ({100 * quiet.speaker_mean:.1f} % by speaker), "
            f"tuned for {tuned.budget:g} per hour",
            highlight=False,
            soft_wrap=True,
        )
    for sentence in report.next.advice[:1]:
        console.print(f"  advice   {sentence}", highlight=False, markup=False, soft_wrap=True)
    for what, command in report.next.commands[:1]:
        console.print(f"  next     [dim]{what}[/]\n           {escape(command)}", highlight=False, soft_wrap=True)
    console.print(f"  report   {html}", highlight=False, markup=False, soft_wrap=True)


def _accuracy(report: Report) -> Table:
    """In shares of a hundred, no wider than 80 columns; the page has more of them."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    headings = ("model, %", "runs on", "missed", "false", "found", "speakers", "KiB", "saved", "int8")
    for heading in headings:
        table.add_column(heading, justify="left" if heading in headings[:2] else "right", no_wrap=True)
    for row in report.accuracy + report.baselines:
        shares = [row.miss, row.false_accept, row.keyword, row.speaker_mean]
        saved = (report.saved(row), report.saved_against_int8(row)) if row.bits < 32 else ()
        table.add_row(
            row.name,
            row.runs_on,
            *(f"{100 * share:.1f}" for share in shares),
            f"{row.model_bytes / 1024:.1f}",
            *(f"{100 * share:.1f}" for share in saved),
        )
    return table


def _device(report: Report) -> Iterator[str]:
    device, ram, listening = report.device, report.ram, report.listening
    if listening is not None:
        steps = ", ".join(f"{part.name} {part.per_step:,.0f}" for part in listening.parts[:3])
        yield f"  a step   {steps} {listening.unit}, every {listening.step_ms:.0f} ms"
        yield f"  listens  with {100 * listening.share:.1f} % of {listening.clock_name}" + (
            ", at one cycle an instruction and two for a word of weights in flash"
            if listening.flash_waits
            else ", at one cycle an instruction"
            if listening.unit == "instructions"
            else ""
        )
    stack = "" if ram.stack_used is None else f", stack {ram.stack_used:,} of {ram.stack_bytes:,} used"
    yield (
        f"  image    flash {device.flash_bytes:,} bytes ({device.model_flash_bytes:,} model), "
        f"RAM {ram.total:,} ({ram.network_bytes:,} network{stack})"
    )
