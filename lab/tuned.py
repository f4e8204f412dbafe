"""``python -m lab.tuned``: what tuned thresholds give on test streams, as a mean over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
import numpy as np

from lab.seeds import seed_options, with_seeds
from pipeline.console import RichProgress, console, guarded
from pipeline.errors import CorpusError
from pipeline.files import write_text
from pipeline.options import PATH, DataOptions, data_options
from pipeline.progress import Progress
from pipeline.report.listening import Misses, Tuned
from pipeline.tuning.rates import poisson_interval
from pipeline.workflow.run import train
from pipeline.workflow.tuning import tune_models


def markdown(seeds: Sequence[Sequence[Tuned]]) -> str:
    """False accepts and misses at every width.

    Args:
        seeds: what tuning found with each, at the same widths in the same order.
    """
    kinds = [misses.kind for misses in seeds[0][0].misses]
    lines = [
        f"| weights | false accepts per hour | of each seed | missed, {' / '.join(kinds)} | mean of speakers |",
        "|---" * 5 + "|",
    ]
    for width in zip(*seeds, strict=True):
        heard = [tuned.false_accepts[-1] for tuned in width]
        count, hours = sum(found.count for found in heard), sum(found.hours for found in heard)
        low, high = poisson_interval(count, hours)
        cells = [
            f"{width[0].bits} bits",
            f"{count / hours:.2f} [{low:.2f}, {high:.2f}], {count} in {hours:.1f} h",
            " ".join(f"{found.per_hour:.2f}" for found in heard),
            " / ".join(_mean([tuned.misses[kind].rate for tuned in width]) for kind in range(len(kinds))),
            " / ".join(_mean([tuned.misses[kind].speaker_mean for tuned in width]) for kind in range(len(kinds))),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", f"| weights, seed by seed | missed, {' | missed, '.join(kinds)} |", "|---" * (len(kinds) + 1) + "|"]
    for width in zip(*seeds, strict=True):
        cells = ["<br>".join(_interval(tuned.misses[kind]) for tuned in width) for kind in range(len(kinds))]
        lines.append(f"| {' | '.join([f'{width[0].bits} bits', *cells])} |")
    return "\n".join(lines) + "\n"


def _mean(rates: Sequence[float]) -> str:
    return f"{100 * float(np.mean(rates)):.1f}"


def _interval(misses: Misses) -> str:
    return f"{100 * misses.rate:.1f} [{100 * misses.interval[0]:.0f}, {100 * misses.interval[1]:.0f}]"


@click.command()
@data_options
@seed_options
@click.option("--hours", type=click.FloatRange(0), default=3.0, show_default=True, help="Of synthesised sentences.")
@click.option("--page", type=PATH, metavar="FILE", help="Also write the tables there, as Markdown.")
@guarded()
def main(
    options: DataOptions, seeds: tuple[int, ...], widths: tuple[int, ...], hours: float, page: Path | None
) -> None:
    """Tunes the models of several seeds for the recipe's budget of false accepts per hour, on validation streams, and
    says what the test streams give.

    Models that `lab.accuracy` has trained are used as they are. Intervals of rates are exact Poisson ones, those of
    misses 95 % over speakers.
    """
    progress: Progress = RichProgress(console)
    data = options.load(progress)
    tuning = data.recipe.tuning.model_copy(update={"hours": hours})
    data = replace(data, recipe=data.recipe.model_copy(update={"tuning": tuning}))
    found = []
    for own, stages in with_seeds(data, options, seeds, progress):
        models = train(own, widths, stages)
        _, result = tune_models(models, widths[0], own, stages)
        if not result.models:
            raise CorpusError(f"no thresholds: {result.note}", "name other speech with --negatives")
        found.append(result.models)
    text = markdown(found)
    if page is not None:
        write_text(page, text)
    click.echo(text)


if __name__ == "__main__":
    main()
