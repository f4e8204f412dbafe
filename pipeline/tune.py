"""``python -m pipeline.tune``: thresholds for a budget of false accepts per hour, into the model file."""

from __future__ import annotations

from pipeline.interrupt import end_at_once

if __name__ == "__main__":
    end_at_once()  # until the command has begun: what follows takes a while

from pathlib import Path

import click

from pipeline.console import RichProgress, console, guarded
from pipeline.corpus import load_corpus
from pipeline.export import write_tflite
from pipeline.tuning.process import tune
from pipeline.tuning.show import show_results, write_results
from pipeline.tuning.spotters import QuantizedSpotter
from pipeline.tuning.tuned import tuned
from pipeline.workflow.data import recipe_of
from pipeline.workflow.models import ModelFile

PATH = click.Path(path_type=Path)
_EPILOG = """\b
Examples
  python -m pipeline.tune --model MODEL.tflite --data DIR
  python -m pipeline.tune --model MODEL.tflite --data DIR --negatives TALK --budget 0.2 --out TUNED.tflite
"""


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 110})
@click.option("--model", type=PATH, metavar="FILE", required=True, help="A .tflite of this project.")
@click.option("--data", type=PATH, metavar="DIR", help="The recordings it was trained on. [default: synthetic speech]")
@click.option(
    "--negatives", type=PATH, metavar="DIR", multiple=True, help="Recordings in which no keyword is said; repeatable."
)
@click.option(
    "--budget", type=click.FloatRange(0, min_open=True), default=0.5, show_default=True, help="False accepts per hour."
)
@click.option(
    "--hours", type=click.FloatRange(0, 100), default=2.0, show_default=True,
    help="Synthesised sentences, for validation and for test each.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of the recipe that it came from.")
@click.option("--out", type=PATH, metavar="FILE", help="Where the tuned model goes. [default: in place]")
@click.option("--results", type=PATH, metavar="DIR", help="For curve and figures. [default: out/tune/NAME]")
@click.option("--cache", type=PATH, metavar="DIR", default=Path("out/cache"), show_default=True, help="Decoded speech.")
@guarded()
def main(
    model: Path,
    data: Path | None,
    negatives: tuple[Path, ...],
    budget: float,
    hours: float,
    seed: int,
    out: Path | None,
    results: Path | None,
    cache: Path,
) -> None:
    """Chooses each keyword's threshold, and how many steps are averaged, for a budget of false accepts per hour.

    It chooses on streams of the validation split and writes the choice into the model file; weights stay as they are.
    Then it says what streams of the test split give.
    """
    progress = RichProgress(console)
    quantized = ModelFile.read(model).model
    recipe = recipe_of(quantized, folder=data is not None)
    corpus = load_corpus(recipe.corpus, data, cache, seed=seed, progress=progress)
    spotter = QuantizedSpotter(quantized, quantized.bits)
    (found,) = tune([spotter], corpus, negatives, budget=budget, hours=hours, seed=seed, progress=progress)
    written = write_tflite(tuned(quantized, found), out or model)
    files = write_results(found, results or Path("out") / "tune" / model.stem)
    show_results(console, found)
    for path in (written, *files):
        console.print(str(path), highlight=False, markup=False)


if __name__ == "__main__":
    main()
