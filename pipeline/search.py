"""``python -m pipeline.search``: small networks that miss little, within what a board has."""

from __future__ import annotations

from pipeline.interrupt import end_at_once

if __name__ == "__main__":
    end_at_once()  # until the command has begun: what follows takes a while

from pathlib import Path

import click

from pipeline.console import RichProgress, console, guarded
from pipeline.errors import ToolchainError
from pipeline.experiments.options import Trainings, training_options
from pipeline.options import PATH
from pipeline.stages import Stages

_EPILOG = """\b
A search over width, depth and features that keeps a network below 12 KB and 40,000 instructions a step:
  name = "small"
  recipe = "wake_words"
  bits = [4, 2]                # weight bits to choose from
  [budget]
  flash_bytes = 12000
  instructions = 40000
  [set]                        # for every candidate: a short training tells most
  training.epochs = 15
  training.qat_epochs = 5
  [space]                      # any keys of the recipe: ranges, or lists of values
  model.channels = { low = 16, high = 64, step = 8 }
  frontend.bands = [16, 20, 24]
  [blocks]
  count = { low = 2, high = 5 }
  taps = { low = 2, high = 8 }
  dilation = [1, 2]
  bits = [8, 4, 2]             # of each block; without this line, those of the candidate

\b
Examples
  python -m pipeline.search small.toml --data DIR --trials 50
  python -m pipeline.experiment out/search/small_winners.toml --data DIR    what the winners are worth

docs/search.md explains every key.
"""


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 110})
@click.argument("search", type=PATH, metavar="SEARCH.toml")
@training_options(
    out=Path("out/search"),
    results="For the study, NAME.db, finished stages, and results.",
    at_once="Candidates trained at once",
)
@click.option("--trials", type=click.IntRange(1), default=50, show_default=True, help="Candidates to train in all.")
@click.option(
    "--check/--no-check", default=True, show_default=True, help="Count what the winners cost on the emulated Cortex-M4."
)
@guarded()
def main(search: Path, trainings: Trainings, trials: int, check: bool) -> None:
    """Looks for the networks that miss the fewest keywords for what they cost. Candidates over the budget are not
    trained; the others are, shortly, and judged by speakers that are neither trained on nor for testing.

    The study is kept: the same command goes on, and more --trials add to it.
    """
    try:
        from pipeline.searching.check import count
        from pipeline.searching.output import best_table, write_search
        from pipeline.searching.space import load_search
        from pipeline.searching.study import findings, open_study, run_trials
    except ModuleNotFoundError as error:
        if error.name != "optuna":
            raise
        raise ToolchainError("Optuna is not installed", "pip install 'dynq[search]'") from None
    plan = load_search(search)
    study = open_study(plan, trainings.out)
    progress, runner = RichProgress(console), trainings.runner()
    with progress.task("Candidates", trials) as task:
        for line in run_trials(plan, study, trials, trainings.place, runner, trainings.workers):
            progress.info(line)
            task.advance()
    found = findings(study)
    stages = Stages(trainings.out / "stages", progress)
    counted = {one.number: count(one.model, stages) for one in found if one.best} if check else {}
    console.print(best_table(found, counted), highlight=False, markup=False)
    for path in write_search(plan, found, counted, trainings.out):
        console.print(str(path), highlight=False, markup=False)


if __name__ == "__main__":
    main()
