"""``python -m pipeline.search``: small networks that miss little, within what a board has."""

from __future__ import annotations

from pipeline.interrupt import end_at_once

if __name__ == "__main__":
    end_at_once()  # until the command has begun: what follows takes a while

import os
from pathlib import Path

import click

from pipeline.console import RichProgress, console, guarded
from pipeline.errors import ToolchainError
from pipeline.experiments.cells import Place
from pipeline.experiments.workers import on_processes, on_ray
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

\b
Examples
  python -m pipeline.search small.toml --data DIR --trials 50
  python -m pipeline.experiment out/search/small_winners.toml --data DIR    what the winners are worth

docs/search.md explains every key.
"""


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 110})
@click.argument("search", type=PATH, metavar="SEARCH.toml")
@click.option("--data", type=PATH, metavar="DIR", help="Recordings, for recipes that train on a folder.")
@click.option("--negatives", type=PATH, metavar="DIR", help="Speech without the keywords, to train on.")
@click.option("--trials", type=click.IntRange(1), default=50, show_default=True, help="Candidates to train in all.")
@click.option(
    "--out",
    type=PATH,
    metavar="DIR",
    default=Path("out/search"),
    show_default=True,
    help="For the study, NAME.db, finished stages, and results.",
)
@click.option("--cache", type=PATH, metavar="DIR", default=Path("out/cache"), show_default=True, help="Decoded speech.")
@click.option(
    "--workers",
    type=click.IntRange(1),
    default=os.cpu_count() or 1,
    show_default="cores",
    help="Candidates trained at once; each takes one core.",
)
@click.option("--ray", metavar="ADDRESS", help="Train on a Ray cluster instead: HOST:PORT, auto, or local.")
@click.option(
    "--check/--no-check", default=True, show_default=True, help="Count what the winners cost on the emulated Cortex-M4."
)
@guarded()
def main(
    search: Path,
    data: Path | None,
    negatives: Path | None,
    trials: int,
    out: Path,
    cache: Path,
    workers: int,
    ray: str | None,
    check: bool,
) -> None:  # fmt: skip
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
    study = open_study(plan, out)
    # workers may have another current folder
    recordings, talk = (None if path is None else path.absolute() for path in (data, negatives))
    place = Place(recordings, talk, cache.absolute(), out.absolute())
    progress = RichProgress(console)
    runner = on_ray(ray) if ray else on_processes(workers)
    with progress.task("Candidates", trials) as task:
        for line in run_trials(plan, study, trials, place, runner, workers):
            progress.info(line)
            task.advance()
    found = findings(study)
    stages = Stages(out / "stages", progress)
    counted = {one.number: count(one.model, stages) for one in found if one.best} if check else {}
    console.print(best_table(found, counted), highlight=False, markup=False)
    for path in write_search(plan, found, counted, out):
        console.print(str(path), highlight=False, markup=False)


if __name__ == "__main__":
    main()
