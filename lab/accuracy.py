"""``python -m lab.accuracy``: what a recipe reaches as a mean over seeds, alone, in noise and over the telephone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from lab.seeds import seed_options, with_seeds
from pipeline.console import RichProgress, console, guarded
from pipeline.experiments.cells import Answers, ask
from pipeline.experiments.material import whole
from pipeline.experiments.output import markdown
from pipeline.experiments.paired import Model, summarise
from pipeline.files import write_text
from pipeline.options import PATH, DataOptions, data_options
from pipeline.progress import Progress
from pipeline.stages import Stages
from pipeline.workflow.data import Data
from pipeline.workflow.run import train
from pipeline.workflow.training import train_float


def answers_of(data: Data, widths: Sequence[int], stages: Stages) -> dict[Model, Answers]:
    """Trains a recipe's models, or finds them trained, and asks them."""
    material, name = whole(data), data.recipe.name
    float_stage = train_float(data.recipe, data.dataset, stages)
    return {
        (name, model.name): ask(material, data.recipe, model.file or float_stage, stages)
        for model in train(data, widths, stages)
    }


@click.command()
@data_options
@seed_options
@click.option("--page", type=PATH, metavar="FILE", help="Also write the tables there, as Markdown.")
@guarded()
def main(options: DataOptions, seeds: tuple[int, ...], widths: tuple[int, ...], page: Path | None) -> None:
    """Means over seeds of what a recipe reaches at every width of weights, with 95 % intervals over speakers.

    Runs that `pipeline.build --out OUT-sN` has finished with a recipe of that seed are used as they are. Misses are
    at the threshold that lets 1 % of the other words of the same clips through, and at the one that does so in the
    validation split.
    """
    progress: Progress = RichProgress(console)
    data = options.load(progress)
    answers = [answers_of(own, widths, stages) for own, stages in with_seeds(data, options, seeds, progress)]
    text = markdown(summarise({model: [[seed[model]] for seed in answers] for model in answers[0]}))
    if page is not None:
        write_text(page, text)
    click.echo(text)


if __name__ == "__main__":
    main()
