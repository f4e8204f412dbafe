"""``python -m pipeline.experiment``: a grid of trainings, compared clip by clip."""

from __future__ import annotations

from pipeline.interrupt import end_at_once

if __name__ == "__main__":
    end_at_once()  # until the command has begun: what follows takes a while

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from pipeline.console import RichProgress, console, guarded
from pipeline.cost import cost_of
from pipeline.experiments.cells import CLEAN, Answers, Done, read_answers
from pipeline.experiments.options import Trainings, training_options
from pipeline.experiments.output import markdown, write_results
from pipeline.experiments.paired import Model, Runs, summarise
from pipeline.experiments.spec import Cell, load_spec
from pipeline.experiments.workers import run_all
from pipeline.options import PATH
from pipeline.progress import Progress

_EPILOG = """\b
An experiment that finds out, with three seeds and by folds, whether more channels or longer training is better:
  name = "longer"
  recipe = "wake_words"        # a recipe of models/, or a TOML file
  seeds = [1, 2, 3]
  folds = 5                    # of training and validation by speaker; without: the testing split
  qat = [4, 2]                 # weight bits that are trained for; float is always there
  post_training = [4]          # weight bits that float weights are rounded to
  [grid]                       # any keys of the recipe, each with values: all combinations
  model.channels = [48, 64]
  training.epochs = [60, 120]

\b
Examples
  python -m pipeline.experiment longer.toml --data DIR --dry-run
  python -m pipeline.experiment longer.toml --data DIR --negatives TALK --workers 8
  python -m pipeline.experiment longer.toml --data DIR --ray 10.0.0.1:6379

docs/experiments.md explains every key and every figure.
"""


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 110})
@click.argument("spec", type=PATH, metavar="SPEC.toml")
@training_options(
    out=Path("out/experiments"),
    results="Results, and finished stages, which experiments with the same --out share.",
    at_once="Trainings at once on this machine",
)
@click.option("--dry-run", is_flag=True, help="Only list what would be trained.")
@guarded()
def main(spec: Path, trainings: Trainings, dry_run: bool) -> None:
    """Trains every combination of recipes, settings, weight bits, seeds and folds that SPEC.toml names, and compares
    them: means over seeds, differences to float and to the first variant, each with a 95 % interval over speakers.

    Every training is kept: a run that was killed goes on, and another experiment with the same trainings finds them.
    """
    experiment = load_spec(spec)
    cells = experiment.cells()
    if dry_run:
        for cell in cells:
            console.print(cell.title, highlight=False, markup=False)
        console.print(f"{len(cells)} models", highlight=False)
        return
    ended = run_all(cells, trainings.place, trainings.runner())
    finished = _follow(ended, len(cells), RichProgress(console))
    rows = summarise(_runs(cells, finished))
    costs = {(cell.variant, cell.weights.name): cost_of(cell.recipe, cell.weights.bits) for cell in cells}
    console.print(markdown([row for row in rows if row.condition == CLEAN]), highlight=False, markup=False)
    for path in write_results(experiment.model_dump(mode="json"), experiment.name, rows, costs, trainings.out):
        console.print(str(path), highlight=False, markup=False)


def _follow(ended: Iterator[Done], total: int, progress: Progress) -> dict[Cell, Done]:
    """Shows every cell as it ends, with what is left by the pace so far; cells that were there already have none."""
    started, fresh = time.monotonic(), 0
    finished: dict[Cell, Done] = {}
    with progress.task("Models", total) as task:
        for done in ended:
            finished[done.cell] = done
            fresh += done.fresh
            pace = (time.monotonic() - started) / max(1, fresh)
            left = f", about {pace * (total - len(finished)) / 60:.0f} min left" if done.fresh else ", kept"
            progress.info(f"{len(finished)} of {total}: {done.cell.title}{left}")
            task.advance()
    return finished


def _runs(cells: Sequence[Cell], finished: dict[Cell, Done]) -> dict[Model, Runs]:
    """The answers of every model, by seed and fold; cells come in that order."""
    found: dict[Model, dict[int, list[Answers]]] = {}
    for cell in cells:
        seeds = found.setdefault((cell.variant, cell.weights.name), {})
        seeds.setdefault(cell.recipe.training.seed, []).append(read_answers(finished[cell]))
    return {model: list(seeds.values()) for model, seeds in found.items()}


if __name__ == "__main__":
    main()
