"""The same recipe with several seeds, each in an output folder of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from pipeline.config import TrainingSection
from pipeline.options import DataOptions
from pipeline.progress import Progress
from pipeline.stages import Stages
from pipeline.workflow.data import Data
from pipeline.workflow.run import BIT_WIDTHS


def _numbers(_: click.Context, __: click.Parameter, text: str) -> tuple[int, ...]:
    try:
        return tuple(int(number) for number in text.split(","))
    except ValueError:
        raise click.BadParameter("whole numbers with commas between them") from None


def seed_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options ``--seeds`` and ``--widths``, as tuples of numbers."""
    widths = ",".join(map(str, BIT_WIDTHS))
    command = click.option(
        "--widths", default=widths, show_default=True, metavar="BITS,BITS", callback=_numbers, help="Of weights."
    )(command)
    return click.option(
        "--seeds", default="1,2,3", show_default=True, metavar="N,N", callback=_numbers, help="Each trains in OUT-sN."
    )(command)


def with_seeds(
    data: Data, options: DataOptions, seeds: tuple[int, ...], progress: Progress
) -> Iterator[tuple[Data, Stages]]:
    """Data and stages of every seed in turn; a run of ``pipeline.build --out OUT-sN`` with that seed is taken up."""
    out = options.out or Path("out") / data.recipe.name
    for seed in seeds:
        training = TrainingSection.model_validate({**data.recipe.training.model_dump(), "seed": seed})
        own = replace(data, recipe=data.recipe.model_copy(update={"training": training}))
        with replace(options, out=out.with_name(f"{out.name}-s{seed}")).stages(data.recipe.name, progress) as stages:
            yield own, stages
