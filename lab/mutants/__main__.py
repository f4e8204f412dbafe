"""``python -m lab.mutants``: do the tests notice small mistakes in what they guard?"""

from __future__ import annotations

import click
from rich.markup import escape

from lab.mutants.catalogue import load_catalogue
from lab.mutants.run import judge
from pipeline.console import RichProgress, console, guarded
from pipeline.errors import UsageError
from pipeline.project import PROJECT


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", metavar="TEXT", default="", help="Mutants whose name or file holds this text.")
@guarded()
def main(only: str) -> None:
    """Makes small mistakes in a copy of the sources, one at a time, and expects the tests named beside each of them in
    lab/mutants/mutants.toml to fail.
    """
    mutants = [mutant for mutant in load_catalogue() if only in mutant.name or only in mutant.file]
    if not mutants:
        raise UsageError(f"no mutant's name or file holds {only}", "leave --only out to see all of them")
    killed = 0
    for verdict in judge(mutants, PROJECT, RichProgress(console)):
        good = verdict.word == "killed"
        killed += good
        console.print(
            f"[{'green' if good else 'bold red'}]{verdict.word:10}[/] {escape(verdict.mutant.name)} "
            f"[dim]{escape(verdict.failed[:120])}[/]",
            highlight=False,
        )
    console.print(f"{killed} of {len(mutants)} mutants killed")
    if killed < len(mutants):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
