"""``python -m lab.misuse``: the campaign; says what ended in another way than it should."""

from __future__ import annotations

import json
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import click

from lab.misuse.place import make_place
from lab.misuse.run import KINDS, Outcome, judge, sample
from pipeline.console import RichProgress, console, guarded


@click.command()
@click.option("--cases", default=200, show_default=True, help="About that many, of all kinds.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(tuple(KINDS)), help="Only these kinds.")
@click.option("--seed", default=1, show_default=True)
@click.option("--workers", default=2, show_default=True, help="Cases at the same time.")
@click.option(
    "--out", default=Path("out/misuse"), show_default=True, type=click.Path(path_type=Path),
    help="Folder for what is misused, and outcomes.jsonl.",
)  # fmt: skip
@guarded()
def main(cases: int, kinds: tuple[str, ...], seed: int, workers: int, out: Path) -> None:
    """Gives the commands hundreds of bad inputs, full disks, damaged caches and interruptions."""
    out = out.resolve()
    place = make_place(out / "place")
    chosen = [one for one in sample(cases) if not kinds or one[0] in kinds]
    outcomes: list[Outcome] = []
    with (
        RichProgress(console).task("cases", len(chosen)) as task,
        ThreadPoolExecutor(workers) as pool,
        (out / "outcomes.jsonl").open("w", encoding="utf-8") as log,
    ):
        for outcome in pool.map(lambda one: judge(one[0], one[1], seed, place), chosen):
            outcomes.append(outcome)
            print(json.dumps(asdict(outcome)), file=log, flush=True)
            task.advance()
    for kind, number in Counter(outcome.kind for outcome in outcomes).items():
        console.print(f"{number:4}  {kind}", highlight=False)
    failed = [outcome for outcome in outcomes if outcome.wrong]
    for outcome in failed:
        console.print(
            f"{outcome.kind} {outcome.number}: {outcome.wrong}: {outcome.what}", highlight=False, markup=False
        )
    console.print(f"{len(outcomes)} cases, {len(failed)} ended wrongly; {out / 'outcomes.jsonl'}", highlight=False)
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
