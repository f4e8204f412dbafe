"""``python -m lab.baselines``: a build whose report also holds the 8-bit routes a user would otherwise take."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from lab.baselines.measure import measure_baselines
from pipeline.console import RichProgress, console, guarded, show_report
from pipeline.options import bits_option, data_options, make_aim, make_data, output_folder, target_option
from pipeline.stages import Stages
from pipeline.workflow.models import train_float
from pipeline.workflow.run import BIT_WIDTHS, build


@click.command()
@data_options
@target_option
@bits_option
@guarded()
def main(
    recipe: str | None, keywords: str | None, data: Path | None, test_data: Path | None, out: Path | None, cache: Path,
    target: str, bits: str,
) -> None:  # fmt: skip
    """Does what pipeline.build does, and besides converts and trains the same float network with TensorFlow's own
    8-bit tools; the report compares them all on the same test clips.
    """
    progress = RichProgress(console)
    loaded = make_data(recipe, keywords, data, test_data, cache, progress)
    folder = output_folder(out, loaded.recipe.name)
    stages = Stages(folder)
    baselines = measure_baselines(loaded, train_float(loaded, stages, progress), stages, progress)
    command = "python -m lab.baselines " + shlex.join(sys.argv[1:])
    aim = make_aim(target, None, None, None, False, None, None)
    report, page = build(loaded, int(bits), BIT_WIDTHS, aim, folder, command, progress, baselines=baselines)
    show_report(console, report, page)


if __name__ == "__main__":
    main()
