"""The command: from recorded speech to a keyword spotter that is tested on its board."""

from __future__ import annotations

from pipeline.interrupt import end_at_once

if __name__ == "__main__":
    end_at_once()  # until the command has begun: what follows takes a while

import shlex
import sys
from pathlib import Path

import click

from pipeline import __version__
from pipeline.commands import (
    compare_command,
    doctor_command,
    export_command,
    quantize_command,
    runner_command,
    train_command,
)
from pipeline.console import RichProgress, console, guarded, show_plan, show_report
from pipeline.errors import DeviceError, ParityError, UsageError
from pipeline.options import PATH, BoardOptions, DataOptions, bits_option, board_options, data_options
from pipeline.workflow.baseline import measure_baseline
from pipeline.workflow.data import clips_for_model
from pipeline.workflow.models import ModelFile
from pipeline.workflow.run import BIT_WIDTHS, build, build_from_model

_EPILOG = """\b
Examples
  python -m pipeline.build                               synthetic speech, emulated Cortex-M4F
  python -m pipeline.build --keywords hello_robot,stop   your own words, typed
  python -m pipeline.build --data DIR                    recordings, one folder per word
  python -m pipeline.build --data DIR --target nano33    the Arduino Nano 33 BLE, on a virtual board
  python -m pipeline.build --data DIR --target nano33 --port /dev/ttyACM0 --flash    on the real one

Finished stages are kept in the output folder and skipped when nothing they depend on has changed.
"""


@click.group(invoke_without_command=True, epilog=_EPILOG, context_settings={"max_content_width": 110})
@data_options
@board_options
@bits_option
@click.option("--model", type=PATH, metavar="FILE", help="Test this .tflite instead of training one.")
@click.option(
    "--compare/--no-compare", default=True, show_default=True, help="Also train the other bit widths, for the report."
)
@click.option(
    "--tune/--no-tune", default=True, show_default=True, help="Choose thresholds on continuous audio of the corpus."
)
@click.option("--budget", type=click.FloatRange(0, min_open=True), help="False accepts per hour. [default: recipe's]")
@click.option(
    "--baseline",
    "baselines",
    metavar="RECIPE",
    multiple=True,
    help="Also train this recipe's network on the same clips, for the report: wake_words_perceptron. Repeatable.",
)
@click.option(
    "--engine",
    type=click.Choice(["aot", "tflm"]),
    default="aot",
    show_default=True,
    help="aot calls the kernels directly; tflm runs the .tflite in TensorFlow Lite Micro.",
)
@click.option(
    "--tflm-root", type=PATH, metavar="DIR", help="Your build of TFLM: include/ and lib/libtensorflow-microlite.a."
)
@click.version_option(__version__, prog_name="dynq")
@click.pass_context
@guarded()
def main(
    context: click.Context,
    options: DataOptions,
    boards: BoardOptions,
    bits: int,
    model: Path | None,
    compare: bool,
    tune: bool,
    budget: float | None,
    baselines: tuple[str, ...],
    engine: str,
    tflm_root: Path | None,
) -> None:
    """Trains a keyword spotter, quantizes it column by column to 8, 4 or 2 bits, builds the firmware of a Cortex-M
    board around it and tests accuracy, latency and bit-exactness there, on a real board or an emulated one.

    Without a command it does all of that and writes a report. The commands run single stages.
    """
    if context.invoked_subcommand is not None:
        return
    progress = RichProgress(console)
    if (engine == "tflm") != (tflm_root is not None):
        raise UsageError("--engine tflm and --tflm-root DIR go together", "DIR holds include/ and lib/")
    aim = boards.aim(tflm_root)
    aim.check()
    command = f"{context.find_root().info_name} {shlex.join(sys.argv[1:])}"
    if model is not None:
        if options.recipe or options.keywords or baselines:
            raise UsageError("--model brings its own words", "leave --recipe, --keywords and --baseline out")
        file = ModelFile.read(model)
        held_out = clips_for_model(file.model, options.data, options.test_data, options.cache, progress)
        with options.stages(model.stem, progress) as stages:
            report, page = build_from_model(file, held_out, aim, stages, command)
    else:
        data = options.load(progress, budget)
        with options.stages(data.recipe.name, progress) as stages:
            show_plan(console, data.recipe, data.corpus, data.negatives)
            rows = [measure_baseline(data, name, bits, stages) for name in baselines]
            widths = BIT_WIDTHS if compare else (bits,)
            report, page = build(data, bits, widths, aim, stages, command, baselines=rows, tuned=tune)
    show_report(console, report, page)
    failed = [row for row in report.boards if row.error]
    if failed:
        raise DeviceError(f"board {failed[0].name}: {failed[0].error}", "the other boards' results are in the report")
    if report.parity.differing_logits:
        raise ParityError(
            f"{report.parity.differing_logits} logits differ between the device and the reference",
            "this breaks the numeric contract: please report it with the report's provenance",
        )


for _command in (train_command, quantize_command, export_command, runner_command, compare_command, doctor_command):
    main.add_command(_command)

if __name__ == "__main__":
    main()
