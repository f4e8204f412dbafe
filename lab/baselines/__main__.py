"""``python -m lab.baselines``: TensorFlow's own routes to a small model, beside ours, on a page."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from lab.baselines.costs import cost_of_ours, cost_of_tflite
from lab.baselines.measure import Baseline, measure_baselines
from lab.baselines.network import FloatNetwork, check_shape
from lab.baselines.page import Costs, page
from lab.bench.image import run_tool, tool
from lab.seeds import seed_options, with_seeds
from pipeline.console import RichProgress, console, guarded
from pipeline.cores import ARM_TOOLCHAIN
from pipeline.emulators import qemu
from pipeline.experiments.cells import CLEAN, Answers
from pipeline.experiments.material import whole
from pipeline.experiments.output import markdown
from pipeline.experiments.paired import summarise
from pipeline.files import write_text
from pipeline.options import PATH, DataOptions, data_options
from pipeline.progress import Progress
from pipeline.project import PROJECT
from pipeline.stages import StageResult, Stages
from pipeline.workflow.data import Data
from pipeline.workflow.models import ModelResult
from pipeline.workflow.run import train

Found = tuple[tuple[ModelResult, ...], tuple[Baseline, ...]]


def models_of(data: Data, widths: Sequence[int], epochs: int, stages: Stages) -> Found:
    """Our models of one seed, the float twin first, and TensorFlow's from that twin."""
    ours = train(data, widths, stages)
    return ours, measure_baselines(whole(data), data.recipe, _twin(ours), epochs, stages)


def _twin(ours: Sequence[ModelResult]) -> StageResult:
    stage = ours[0].twin
    assert stage is not None
    return stage


def answers_of(data: Data, found: Found) -> dict[tuple[str, str], Answers]:
    """What every model answered, float32 first."""
    material, name = whole(data), data.recipe.name
    labels = material.validation.labels
    ours, others = found
    answers = {(name, one.name): Answers(material.truth, {CLEAN: one.logits}, one.validation, labels) for one in ours}
    return answers | {(name, one.name): one.answers for one in others}


@click.command()
@data_options
@seed_options
@click.option("--epochs", type=click.IntRange(0), default=10, show_default=True,
              help="Of tfmot's training; 0 leaves the routes that train out.")  # fmt: skip
@click.option("--tflm-root", type=PATH, metavar="DIR", help="TensorFlow Lite Micro with CMSIS-NN, to count with.")
@click.option("--page", "where", type=PATH, metavar="FILE", default=PROJECT / "docs" / "peers.md",
              show_default="docs/peers.md", help="What is written.")  # fmt: skip
@guarded()
def main(
    options: DataOptions,
    seeds: tuple[int, ...],
    widths: tuple[int, ...],
    epochs: int,
    tflm_root: Path | None,
    where: Path,
) -> None:
    """Sets what one would otherwise take beside the models of a recipe: accuracy, bytes and instructions of
    TensorFlow's post-training int8, and tfmot's int8 training, of the same float network.

    Runs that `pipeline.build --out OUT-sN` has finished with a recipe of that seed are used as they are.
    """
    progress: Progress = RichProgress(console)
    data = options.load(progress)
    check_shape(data.recipe)
    answers: list[dict[tuple[str, str], Answers]] = []
    costs: dict[str, Costs] = {}
    for own, stages in with_seeds(data, options, seeds, progress):
        found = models_of(own, widths, epochs, stages)
        answers.append(answers_of(own, found))
        if not costs:
            clip = own.held_out.test.features[:1]
            network = FloatNetwork.of(_twin(found[0]).folder / "model.keras", own.recipe)
            for model in found[0]:
                if model.file is not None:
                    costs[model.name] = cost_of_ours(model.file, clip, stages.root / "images", tflm_root is not None)
            for other in found[1]:
                costs[other.name] = cost_of_tflite(other, network, clip, stages.root / "images", tflm_root)
    table = markdown(summarise({model: [[seed[model]] for seed in answers] for model in answers[0]}))
    frontend = data.recipe.frontend
    step = data.recipe.model.stride * frontend.context_stride * frontend.hop_samples / frontend.sample_rate
    command = "python -m lab.baselines " + shlex.join(sys.argv[1:])
    own_name = next((name for name in costs if name == "4-bit"), next(iter(costs)))
    text = page(command, epochs, table, costs, own_name, step, _versions() if tflm_root else "")
    write_text(where, text)
    click.echo(text)


def _versions() -> str:
    gcc = run_tool([tool(f"{ARM_TOOLCHAIN}gcc"), "-dumpfullversion"], "asking the compiler's version").strip()
    emulator = run_tool([tool(qemu.PROGRAM), "--version"], "asking the emulator's version").split()[3]
    return f"QEMU {emulator}, GCC {gcc}"


if __name__ == "__main__":
    main()
