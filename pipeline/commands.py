"""The commands beside the main one: single stages, and looks at the machine."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.markup import escape

from pipeline.boards import BOARDS, board
from pipeline.console import RichProgress, console, guarded, show_comparison, show_plan
from pipeline.cores import CORES
from pipeline.doctor import examine
from pipeline.errors import UsageError
from pipeline.export import inferences_per_window, read_tflite, write_c_arrays, write_runner_files, write_tflm_arrays
from pipeline.export.library import FORMATS, VARIANTS, write_library
from pipeline.options import PATH, DataOptions, bits_option, data_options
from pipeline.workflow.data import clips_to_test
from pipeline.workflow.models import ModelFile
from pipeline.workflow.quantize import quantize_model
from pipeline.workflow.run import train
from pipeline.workflow.training import train_float


@click.command("train")
@data_options
@bits_option
@guarded()
def train_command(options: DataOptions, bits: int) -> None:
    """Trains the float model and its quantized twin, and writes the .tflite."""
    progress = RichProgress(console)
    data = options.load(progress)
    with options.stages(data.recipe.name, progress) as stages:
        show_plan(console, data.recipe, data.corpus, data.negatives)
        _show(train(data, (bits,), stages)[-1].file)


@click.command("quantize")
@data_options
@bits_option
@guarded()
def quantize_command(options: DataOptions, bits: int) -> None:
    """Quantizes the float model as it is, without training for it, and writes the .tflite."""
    progress = RichProgress(console)
    data = options.load(progress)
    with options.stages(data.recipe.name, progress) as stages:
        _show(quantize_model(data.recipe, train_float(data.recipe, data.dataset, stages), bits, stages))


def _show(file: ModelFile | None) -> None:
    if file is not None:
        console.print(f"model {file.path}", highlight=False, markup=False)


@click.command("export")
@click.argument("model", type=PATH)
@click.option(
    "--format", "form", type=click.Choice(["c", "tflm", *FORMATS]), default="c", show_default=True,
    help="c: the model alone, as arrays; tflm: the .tflite as an array, with its op resolver, for TensorFlow Lite "
    "Micro; else a library with all that listens, and an example.",
)  # fmt: skip
@click.option("--out", type=PATH, metavar="DIR", required=True, help="Folder for the files.")
@click.option("--target", type=click.Choice(list(BOARDS)), help="A board whose core it is for.")
@click.option(
    "--core", "cores", type=click.Choice(list(CORES)), multiple=True, metavar="CORE",
    help=f"A core that it is for: {', '.join(CORES)}. Libraries may have several. [default: cortex-m4; libraries: all]",
)  # fmt: skip
@click.option(
    "--arena-bytes", type=click.IntRange(min=1024), default=16384, show_default=True, help="Arena of the format tflm."
)
@guarded()
def export_command(
    model: Path, form: str, out: Path, target: str | None, cores: tuple[str, ...], arena_bytes: int
) -> None:
    """Writes a .tflite as C for firmware of your own."""
    named = [CORES[core] for core in cores] + ([board(target).core] if target is not None else [])
    variants = tuple(dict.fromkeys(core.variant for core in named))
    file = ModelFile.read(model)
    if form in FORMATS:
        library = write_library(file.model, form, out, variants=variants or VARIANTS, source_hash=file.digest)
        size, files = library.constant_bytes, [out / "README.md", out / "src" / "wake_word.h"]
    else:
        variants = variants or (CORES["cortex-m4"].variant,)
        if len(variants) > 1:
            raise UsageError(f"arrays are packed for one core, not for {' and '.join(variants)}", "name one --core")
        if form == "tflm":
            arrays = write_tflm_arrays(file.model, variants[0], out, source_hash=file.digest, arena_bytes=arena_bytes)
        else:
            arrays = write_c_arrays(file.model, variants[0], out, source_hash=file.digest)
        size, files = arrays.constant_bytes, list(arrays.files)
    for written in files:
        console.print(str(written), highlight=False, markup=False, soft_wrap=True)
    kernels = " or ".join(variants) or "any core"
    console.print(f"{size:,} bytes of weights and parameters, for {kernels}", highlight=False)


@click.command("runner")
@click.argument("model", type=PATH)
@click.option("--data", type=PATH, metavar="DIR", help="Recordings with a test split. [default: synthetic speech]")
@click.option("--out", type=PATH, metavar="DIR", required=True, help="Folder for data set, device list and scripts.")
@click.option(
    "--microseconds",
    type=click.FloatRange(0, min_open=True),
    required=True,
    help="Time of one inference on the board, as its report says.",
)
@click.option("--cache", type=PATH, metavar="DIR", default=Path("out/cache"), show_default=True, help="Decoded speech.")
@guarded()
def runner_command(model: Path, data: Path | None, out: Path, microseconds: float, cache: Path) -> None:  # fmt: skip
    """Writes the test split in the form that the MLPerf Tiny runner reads, with its device list and test scripts."""
    inferences_per_window(microseconds)  # refuses before the clips are decoded
    quantized = read_tflite(model)
    test = clips_to_test(quantized, data, cache, RichProgress(console))
    files = write_runner_files(
        test.features, test.labels, len(quantized.labels), out, microseconds_per_inference=microseconds
    )
    console.print(
        f"{files.samples:,} samples; the runner's Python needs {files.launcher.with_name('requirements.txt')}; "
        "drive the board on PORT with\n"
        f"  python {files.launcher} RUNNER PORT accuracy\n  python {files.launcher} RUNNER PORT performance\n"
        "where RUNNER is benchmark/runner of a checkout of mlcommons/tiny",
        highlight=False, markup=False, soft_wrap=True,
    )  # fmt: skip


@click.command("compare")
@click.argument("first", type=PATH)
@click.argument("second", type=PATH)
@guarded()
def compare_command(first: Path, second: Path) -> None:
    """Shows two reports (.json or .html) side by side."""
    show_comparison(console, first, second)


@click.command("doctor")
@guarded()
def doctor_command() -> None:
    """Looks for what would stop a run: programs, packages, serial ports."""
    checks = []
    for check in examine():
        checks.append(check)
        mark = "[green]ok[/]     " if check.ok else "[bold red]missing[/]"
        console.print(f"{mark}  {check.name}: {escape(check.found)}", highlight=False)
        if not check.ok:
            console.print(f"           needed for {check.needed_for}; {check.hint}", highlight=False, markup=False)
    if not all(check.ok for check in checks):
        sys.exit(1)
