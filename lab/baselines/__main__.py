"""``python -m lab.baselines``: a build whose report also holds the 8-bit routes a user would otherwise take."""

from __future__ import annotations

import shlex
import sys

import click

from lab.baselines.measure import measure_baselines
from pipeline.console import RichProgress, console, guarded, show_report
from pipeline.options import BoardOptions, DataOptions, bits_option, data_options, target_option
from pipeline.workflow.run import BIT_WIDTHS, build
from pipeline.workflow.training import train_float


@click.command()
@data_options
@target_option
@bits_option
@guarded()
def main(options: DataOptions, target: str, bits: int) -> None:
    """Does what pipeline.build does, and besides converts and trains the same float network with TensorFlow's own
    8-bit tools; the report compares them all on the same test clips.
    """
    progress = RichProgress(console)
    data = options.load(progress)
    command = "python -m lab.baselines " + shlex.join(sys.argv[1:])
    with options.stages(data.recipe.name, progress) as stages:
        baselines = measure_baselines(data, train_float(data.recipe, data.dataset, stages), stages)
        report, page = build(data, bits, BIT_WIDTHS, BoardOptions(target).aim(), stages, command, baselines=baselines)
    show_report(console, report, page)


if __name__ == "__main__":
    main()
