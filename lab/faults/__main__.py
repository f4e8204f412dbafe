"""``python -m lab.faults``: the campaign, and its table into docs/faults.md."""

from __future__ import annotations

from pathlib import Path

import click

from lab.faults.campaign import campaign
from lab.faults.kinds import KINDS, kinds_for
from lab.faults.outcome import failures
from lab.faults.page import page
from lab.faults.subject import TIMINGS, prepare
from pipeline.console import RichProgress, console, guarded
from pipeline.files import write_text
from pipeline.project import PROJECT

CAMPAIGN_RUNS = 5100
"""A whole campaign; the page in docs tells of nothing smaller."""
_BOARD_SHARE = 50


@click.command()
@click.option(
    "--runs", default=CAMPAIGN_RUNS, show_default=True, help="At least that many, spread over the kinds of fault."
)
@click.option("--kind", "kinds", multiple=True, type=click.Choice(tuple(KINDS)), help="Only these kinds of fault.")
@click.option(
    "--target",
    "targets",
    multiple=True,
    type=click.Choice(tuple(TIMINGS)),
    help=f"Only on these; nano33, the virtual board, takes a {_BOARD_SHARE}th of the runs. [default: all]",
)
@click.option("--seed", default=1, show_default=True, help="Seed of the first run of each kind.")
@click.option("--workers", default=12, show_default=True, help="Runs at the same time.")
@click.option(
    "--out",
    default=Path("out/faults"),
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder for firmware and outcomes; an interrupted campaign goes on from there.",
)
@click.option(
    "--page",
    "page_path",
    type=click.Path(path_type=Path),
    help="Where the table goes. [default: docs/faults.md for a whole campaign, else into --out]",
)
@guarded()
def main(
    runs: int,
    kinds: tuple[str, ...],
    targets: tuple[str, ...],
    seed: int,
    workers: int,
    out: Path,
    page_path: Path | None,
) -> None:
    """Tests the firmware over thousands of serial ports that misbehave."""
    progress = RichProgress(console)
    outcomes = []
    for target in targets or TIMINGS:
        firmware = prepare(out / target, target, progress=progress)
        outcomes += campaign(
            firmware,
            runs if target == "host" else runs // _BOARD_SHARE,
            kinds=[kind for kind in kinds_for(target) if kind in (kinds or KINDS)],
            seed=seed,
            workers=workers,
            log=out / target / "outcomes.jsonl",
            progress=progress,
        )
    whole = runs >= CAMPAIGN_RUNS and not kinds and not targets
    page_path = page_path or (PROJECT / "docs" if whole else out) / "faults.md"
    write_text(page_path, page(outcomes, len(firmware.features)))
    failed = failures(outcomes)
    console.print(f"{len(outcomes):,} runs, {len(failed)} failed; table in {page_path}")
    for outcome in failed[:20]:
        console.print(
            f"  {outcome.target} {outcome.kind} {outcome.seed}: {outcome.end} {outcome.message}", markup=False
        )
    if failed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
