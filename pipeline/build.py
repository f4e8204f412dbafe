"""The command: from recorded speech to a keyword spotter that is tested on its board."""

from __future__ import annotations

import functools
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from pipeline import __version__
from pipeline.boards import TARGETS, board
from pipeline.console import RichProgress, console, guarded, show_report
from pipeline.errors import ParityError, UsageError
from pipeline.workflow.data import Data
from pipeline.workflow.device import Aim
from pipeline.workflow.recipes import choose_recipe
from pipeline.workflow.run import BIT_WIDTHS, Place, build, build_from_model, test_set_for_model, train

_PATH = click.Path(path_type=Path)

_EPILOG = """\b
Examples
  python -m pipeline.build                               synthetic speech, emulated Cortex-M4F
  python -m pipeline.build --keywords hello_robot,stop   your own words, typed
  python -m pipeline.build --data DIR                    recordings, one folder per word
  python -m pipeline.build --data DIR --target nano33    the image of the Arduino Nano 33 BLE
  python -m pipeline.build --model FILE.tflite --data DIR --target nano33 --port /dev/ttyACM0

Finished stages are kept in the output folder and skipped when nothing they depend on has changed.
"""


def _data_options(command: Callable[..., Any]) -> Callable[..., Any]:
    options = [
        click.option("--recipe", metavar="FILE", help="What to train: a TOML file, or the name of one in models/."),
        click.option("--keywords", metavar="WORD,WORD", help="Words to listen for, instead of the recipe's."),
        click.option("--data", type=_PATH, metavar="DIR", help="Recordings: wav or flac, one folder per word."),
        click.option(
            "--test-data", type=_PATH, metavar="DIR", help="Recordings to test on instead of the corpus's test split."
        ),
        click.option("--out", type=_PATH, metavar="DIR", help="Where results go. [default: out/NAME OF THE RECIPE]"),
        click.option(
            "--cache", type=_PATH, metavar="DIR", default=Path("out/cache"), show_default=True,
            help="Decoded and synthesised speech, shared by all runs.",
        ),
    ]  # fmt: skip
    return functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), command)


_bits_option = click.option(
    "--weight-bits", "bits", type=click.Choice([str(b) for b in BIT_WIDTHS]), default="4", show_default=True,
    help="Width of the weights that go onto the device.",
)  # fmt: skip
_target_option = click.option(
    "--target", type=click.Choice(TARGETS), default="qemu", show_default=True,
    help="Board: qemu is an emulated Cortex-M4F, nano33 the Arduino Nano 33 BLE, host this computer.",
)  # fmt: skip


def _data(
    recipe: str | None,
    keywords: str | None,
    data: Path | None,
    test_data: Path | None,
    cache: Path,
    progress: RichProgress,
) -> Data:
    words = tuple(word.strip() for word in keywords.split(",") if word.strip()) if keywords else ()
    return Data(choose_recipe(recipe, data, words), data, test_data, cache, progress)


def _place(out: Path | None, cache: Path, name: str) -> Place:
    return Place(out or Path("out") / name, cache)


@click.group(invoke_without_command=True, epilog=_EPILOG, context_settings={"max_content_width": 110})
@_data_options
@_target_option
@_bits_option
@click.option("--model", type=_PATH, metavar="FILE", help="Test this .tflite instead of training one.")
@click.option(
    "--compare/--no-compare", default=True, show_default=True, help="Also train the other bit widths, for the report."
)
@click.option(
    "--engine",
    type=click.Choice(["aot", "tflm"]),
    default="aot",
    show_default=True,
    help="aot calls the kernels directly; tflm runs the .tflite in TensorFlow Lite Micro.",
)
@click.option(
    "--tflm-root", type=_PATH, metavar="DIR", help="Your build of TFLM: include/ and lib/libtensorflow-microlite.a."
)  # fmt: skip
@click.option("--port", metavar="PORT", help="Serial port of a real board that already runs the image.")
@click.version_option(__version__, prog_name="dynq")
@click.pass_context
def main(
    context: click.Context, recipe: str | None, keywords: str | None, data: Path | None, test_data: Path | None,
    out: Path | None, cache: Path, target: str, bits: str, model: Path | None, compare: bool, engine: str,
    tflm_root: Path | None, port: str | None,
) -> None:  # fmt: skip
    """Trains a keyword spotter, quantizes it column by column to 8, 4 or 2 bits, builds the firmware of a Cortex-M
    board around it and tests accuracy, latency and bit-exactness there, on a real board or an emulated one.

    Without a command it does all of that and writes a report. The commands run single stages.
    """
    if context.invoked_subcommand is not None:
        return
    with guarded():
        progress = RichProgress(console)
        if (engine == "tflm") != (tflm_root is not None):
            raise UsageError("--engine tflm and --tflm-root DIR go together", "DIR holds include/ and lib/")
        aim = Aim(target, port, tflm_root)
        command = "python -m pipeline.build " + shlex.join(sys.argv[1:])
        if model is not None:
            if recipe or keywords:
                raise UsageError("--model brings its own words", "leave --recipe and --keywords out")
            from pipeline.export import read_tflite

            quantized = read_tflite(model)
            place = _place(out, cache, model.stem)
            test = test_set_for_model(quantized, test_data or data, cache, progress)
            report, page = build_from_model(model, test, aim, place, command, progress)
        else:
            loaded = _data(recipe, keywords, data, test_data, cache, progress)
            place = _place(out, cache, loaded.recipe.name)
            widths = BIT_WIDTHS if compare else (int(bits),)
            report, page = build(loaded, int(bits), widths, aim, place, command, progress)
        show_report(console, report, page)
        if report.parity.differing_logits:
            raise ParityError(
                f"{report.parity.differing_logits} logits differ between the device and the reference",
                "this breaks the numeric contract: please report it with the report's provenance",
            )


@main.command("train")
@_data_options
@_bits_option
def train_command(
    recipe: str | None, keywords: str | None, data: Path | None, test_data: Path | None, out: Path | None, cache: Path,
    bits: str,
) -> None:  # fmt: skip
    """Trains the float model and its quantized twin, and writes the .tflite."""
    from pipeline.stages import Stages

    with guarded():
        progress = RichProgress(console)
        loaded = _data(recipe, keywords, data, test_data, cache, progress)
        place = _place(out, cache, loaded.recipe.name)
        trained = train(loaded, (int(bits),), Stages(place.out), progress)
        console.print(f"model {trained.at(int(bits)).file}", highlight=False)


@main.command("export")
@click.argument("model", type=_PATH)
@_target_option
@click.option("--out", type=_PATH, metavar="DIR", required=True, help="Folder for kws_model.c and its headers.")
@click.option(
    "--engine", type=click.Choice(["aot", "tflm"]), default="aot", show_default=True,
    help="tflm writes the .tflite itself as an array, and its op resolver, for TensorFlow Lite Micro.",
)
@click.option(
    "--arena-bytes", type=click.IntRange(min=1024), default=16384, show_default=True, help="Arena of the engine tflm."
)
def export_command(model: Path, target: str, out: Path, engine: str, arena_bytes: int) -> None:  # fmt: skip
    """Writes a .tflite as C arrays, packed for the kernels of a target."""
    from pipeline.export import read_tflite, write_c_arrays, write_tflm_arrays
    from pipeline.files import sha256_file

    with guarded():
        variant, digest = board(target).variant, sha256_file(model)
        if engine == "tflm":
            arrays = write_tflm_arrays(read_tflite(model), variant, out, source_hash=digest, arena_bytes=arena_bytes)
        else:
            arrays = write_c_arrays(read_tflite(model), variant, out, source_hash=digest)
        for file in arrays.files:
            console.print(str(file), highlight=False)
        console.print(
            f"{arrays.weight_bytes:,} bytes of weights, {arrays.parameter_bytes:,} of parameters, for {variant}",
            highlight=False,
        )


@main.command("runner")
@click.argument("model", type=_PATH)
@click.option("--data", type=_PATH, metavar="DIR", help="Recordings with a test split. [default: synthetic speech]")
@click.option("--out", type=_PATH, metavar="DIR", required=True, help="Folder for data set, device list and scripts.")
@click.option(
    "--microseconds", type=float, required=True, help="Time of one inference on the board, as its report says."
)
@click.option(
    "--cache", type=_PATH, metavar="DIR", default=Path("out/cache"), show_default=True, help="Decoded speech."
)
def runner_command(model: Path, data: Path | None, out: Path, microseconds: float, cache: Path) -> None:  # fmt: skip
    """Writes the test split in the form that the MLPerf Tiny runner reads, with its device list and test scripts."""
    from pipeline.export import read_tflite, write_runner_files

    with guarded():
        quantized = read_tflite(model)
        test = test_set_for_model(quantized, data, cache, RichProgress(console))
        files = write_runner_files(
            test.features, test.labels, len(quantized.labels), out, microseconds_per_inference=microseconds
        )
        console.print(
            f"{files.samples:,} samples; drive the board from the runner's folder with\n"
            f"  python main.py -m a -s {files.dataset_path} -d {files.device_list} -t {files.accuracy_script}\n"
            f"  python main.py -m p -s {files.dataset_path} -d {files.device_list} -t {files.performance_script}",
            highlight=False, soft_wrap=True,
        )  # fmt: skip


@main.command("doctor")
def doctor_command() -> None:
    """Looks for what would stop a run: programs, packages, serial ports."""
    from pipeline.doctor import examine

    with guarded():
        checks = []
        for check in examine():
            checks.append(check)
            mark = "[green]ok[/]     " if check.ok else "[bold red]missing[/]"
            console.print(f"{mark}  {check.name}: {check.found}", highlight=False)
            if not check.ok:
                console.print(f"           needed for {check.needed_for}; {check.hint}", highlight=False)
        if not all(check.ok for check in checks):
            sys.exit(1)


if __name__ == "__main__":
    main()
