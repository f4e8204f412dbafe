"""The commands beside the main one: single stages, and looks at the machine."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pipeline.boards import board
from pipeline.console import RichProgress, console, guarded
from pipeline.doctor import examine
from pipeline.export import read_tflite, write_c_arrays, write_runner_files, write_tflm_arrays
from pipeline.files import sha256_file
from pipeline.options import PATH, bits_option, data_options, make_data, output_folder, target_option
from pipeline.stages import Stages
from pipeline.workflow.models import quantize_model, train_float
from pipeline.workflow.run import test_set_for_model, train


@click.command("train")
@data_options
@bits_option
def train_command(
    recipe: str | None, keywords: str | None, data: Path | None, test_data: Path | None, out: Path | None, cache: Path,
    bits: str,
) -> None:  # fmt: skip
    """Trains the float model and its quantized twin, and writes the .tflite."""
    with guarded():
        progress = RichProgress(console)
        loaded = make_data(recipe, keywords, data, test_data, cache, progress)
        stages = Stages(output_folder(out, loaded.recipe.name))
        trained = train(loaded, (int(bits),), stages, progress)
        console.print(f"model {trained.at(int(bits)).file}", highlight=False)


@click.command("quantize")
@data_options
@bits_option
def quantize_command(
    recipe: str | None, keywords: str | None, data: Path | None, test_data: Path | None, out: Path | None, cache: Path,
    bits: str,
) -> None:  # fmt: skip
    """Quantizes the float model as it is, without training for it, and writes the .tflite."""
    with guarded():
        progress = RichProgress(console)
        loaded = make_data(recipe, keywords, data, test_data, cache, progress)
        stages = Stages(output_folder(out, loaded.recipe.name))
        result = quantize_model(loaded, train_float(loaded, stages, progress), int(bits), stages, progress)
        console.print(f"model {result.file}", highlight=False)


@click.command("export")
@click.argument("model", type=PATH)
@target_option
@click.option("--out", type=PATH, metavar="DIR", required=True, help="Folder for kws_model.c and its headers.")
@click.option(
    "--engine",
    type=click.Choice(["aot", "tflm"]),
    default="aot",
    show_default=True,
    help="tflm writes the .tflite itself as an array, and its op resolver, for TensorFlow Lite Micro.",
)
@click.option(
    "--arena-bytes", type=click.IntRange(min=1024), default=16384, show_default=True, help="Arena of the engine tflm."
)
def export_command(model: Path, target: str, out: Path, engine: str, arena_bytes: int) -> None:  # fmt: skip
    """Writes a .tflite as C arrays, packed for the kernels of a target."""
    with guarded():
        variant, digest = board(target).core.variant, sha256_file(model)
        if engine == "tflm":
            arrays = write_tflm_arrays(read_tflite(model), variant, out, source_hash=digest, arena_bytes=arena_bytes)
        else:
            arrays = write_c_arrays(read_tflite(model), variant, out, source_hash=digest)
        for file in arrays.files:
            console.print(str(file), highlight=False)
        console.print(
            f"{arrays.constant_bytes:,} bytes of weights and parameters, for {variant}",
            highlight=False,
        )


@click.command("runner")
@click.argument("model", type=PATH)
@click.option("--data", type=PATH, metavar="DIR", help="Recordings with a test split. [default: synthetic speech]")
@click.option("--out", type=PATH, metavar="DIR", required=True, help="Folder for data set, device list and scripts.")
@click.option(
    "--microseconds", type=float, required=True, help="Time of one inference on the board, as its report says."
)
@click.option("--cache", type=PATH, metavar="DIR", default=Path("out/cache"), show_default=True, help="Decoded speech.")
def runner_command(model: Path, data: Path | None, out: Path, microseconds: float, cache: Path) -> None:  # fmt: skip
    """Writes the test split in the form that the MLPerf Tiny runner reads, with its device list and test scripts."""
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


@click.command("doctor")
def doctor_command() -> None:
    """Looks for what would stop a run: programs, packages, serial ports."""
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
