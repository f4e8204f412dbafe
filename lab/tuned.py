"""``python -m lab.tuned``: what tuned thresholds give on test streams, as a mean over seeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from pipeline.report.listening import FLOAT_BITS, Misses, Tuned
from pipeline.tuning.rates import poisson_interval
from pipeline.tuning.results import difference
from pipeline.workflow.run import train
from pipeline.workflow.tuning import tune_models


def markdown(seeds: Sequence[Sequence[Tuned]]) -> str:
    """False accepts and misses of every network, and how many more the quantized ones miss than their float twins.

    Args:
        seeds: what tuning found with each, the same networks in the same order.
    """
    networks = list(zip(*seeds, strict=True))
    kinds = [misses.kind for misses in seeds[0][0].misses]
    lines = [
        f"| weights | false accepts per hour | of each seed | missed, {' / '.join(kinds)} | mean of speakers |",
        "|---" * 5 + "|",
    ]
    for found in networks:
        heard = [tuned.false_accepts[-1] for tuned in found]
        count, hours = sum(one.count for one in heard), sum(one.hours for one in heard)
        low, high = poisson_interval(count, hours)
        cells = [
            found[0].weights,
            f"{count / hours:.2f} [{low:.2f}, {high:.2f}], {count} in {hours:.1f} h",
            " ".join(f"{one.per_hour:.2f}" for one in heard),
            " / ".join(_mean([tuned.misses[kind].rate for tuned in found]) for kind in range(len(kinds))),
            " / ".join(_mean([tuned.misses[kind].speaker_mean for tuned in found]) for kind in range(len(kinds))),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", f"| weights, seed by seed | missed, {' | missed, '.join(kinds)} |", "|---" * (len(kinds) + 1) + "|"]
    for found in networks:
        cells = ["<br>".join(_interval(tuned.misses[kind]) for tuned in found) for kind in range(len(kinds))]
        lines.append(f"| {' | '.join([found[0].weights, *cells])} |")
    return "\n".join([*lines, "", *_against_float(networks, kinds)]) + "\n"


def _against_float(networks: Sequence[Sequence[Tuned]], kinds: Sequence[str]) -> Iterator[str]:
    """A table of points by which quantized networks miss more than the float twin of the same seed."""
    yield f"| weights | missed more than float32, {' | '.join(kinds)} |"
    yield "|---" * (len(kinds) + 1) + "|"
    twins = next(found for found in networks if found[0].bits == FLOAT_BITS)
    for found in networks:
        if found is not twins:
            pairs = [difference(*_of(kind, found, twins)) for kind in range(len(kinds))]
            cells = [
                f"{_points(one.rate, one.interval)}<br>of speakers {_points(one.speaker_mean, one.speaker_interval)}"
                for one in pairs
            ]
            yield f"| {' | '.join([found[0].weights, *cells])} |"


def _of(kind: int, *networks: Sequence[Tuned]) -> list[list[Misses]]:
    return [[tuned.misses[kind] for tuned in found] for found in networks]


def _points(value: float, interval: tuple[float, float]) -> str:
    return f"{100 * value:+.1f} [{100 * interval[0]:+.1f}, {100 * interval[1]:+.1f}]"


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
    misses 95 % over speakers. Differences to the float twins are of the same keywords.
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
        found.append(sorted(result.models, key=lambda one: -one.bits))
    text = markdown(found)
    if page is not None:
        write_text(page, text)
    click.echo(text)


if __name__ == "__main__":
    main()
