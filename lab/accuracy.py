"""``python -m lab.accuracy``: what a recipe reaches as a mean over seeds, alone, in noise and over the telephone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from pipeline.config import TrainingSection
from pipeline.console import RichProgress, console, guarded
from pipeline.corpus.data import UNKNOWN_LABEL, word_of
from pipeline.files import write_text
from pipeline.options import PATH, DataOptions, data_options
from pipeline.progress import Progress
from pipeline.stages import Stages
from pipeline.training.evaluate import Estimate, by_speaker, keyword_scores
from pipeline.training.threshold import choose_threshold
from pipeline.workflow.conditions import conditions
from pipeline.workflow.data import Data
from pipeline.workflow.reference import reference_logits
from pipeline.workflow.run import BIT_WIDTHS, train
from pipeline.workflow.training import evaluate_float, train_float

CLEAN = "as recorded"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Truth:
    """Clips that are the same for all seeds, but for the crops of silence.

    Attributes:
        labels: int64 ``[n]``.
        unseen: bool ``[n]``, other words that no training clip says.
    """

    labels: NDArray[np.int64]
    speakers: NDArray[np.str_]
    unseen: NDArray[np.bool_]

    @property
    def keyword(self) -> NDArray[np.bool_]:
        return np.asarray(self.labels > UNKNOWN_LABEL)


@dataclass(frozen=True)
class Answers:
    """One model of one seed: float32 logits ``[n, labels]`` under each condition, and of the validation split."""

    truth: Truth
    conditions: dict[str, NDArray[np.float32]]
    validation: NDArray[np.float32]
    validation_labels: NDArray[np.int64]


@dataclass(frozen=True)
class Row:
    """One width of weights under one condition, over all seeds.

    Attributes:
        recognised: keyword clips whose own word has the largest logit: the mean over seeds, its interval over speakers.
        by_seed: the same of each seed.
        per_speaker: the mean over speakers.
        missed: keyword clips missed where the threshold lets 1 % of the other words through, under that condition.
        missed_by_seed: the same of each seed.
        gain: ``recognised`` less that of float, clip by clip.
        excess: ``missed`` less that of float, clip by clip.
    """

    condition: str
    weights: str
    recognised: Estimate
    by_seed: tuple[float, ...]
    per_speaker: Estimate
    missed: Estimate
    missed_by_seed: tuple[float, ...]
    gain: Estimate
    excess: Estimate


@dataclass(frozen=True)
class Threshold:
    """One width of weights at the thresholds that accept 1 % of the other words of validation, mean over seeds."""

    weights: str
    missed: float
    accepted: float
    accepted_unseen: float


def recognised(truth: Truth, logits: NDArray[np.float32]) -> Floats:
    """1 for each keyword clip ``[k]`` whose own word has the largest logit, else 0."""
    return np.asarray(logits.argmax(axis=1) == truth.labels, np.float64)[truth.keyword]


def missed(truth: Truth, logits: NDArray[np.float32], threshold: float) -> Floats:
    """1 for each keyword clip ``[k]`` in which that keyword is not detected, else 0."""
    score, which = keyword_scores(logits)
    return np.asarray((score < threshold) | (which != truth.labels), np.float64)[truth.keyword]


def summarise(seeds: Sequence[dict[str, Answers]]) -> tuple[list[Row], list[Threshold]]:
    """Means over seeds of what the models answered, each seed's by the name of their weights, float first."""
    names = list(seeds[0])
    speakers = seeds[0][names[0]].truth.speakers[seeds[0][names[0]].truth.keyword]
    rows = []
    for condition in seeds[0][names[0]].conditions:
        right: dict[str, Floats] = {}
        lost: dict[str, Floats] = {}
        for name in names:
            answers = [(seed[name].truth, seed[name].conditions[condition]) for seed in seeds]
            right[name] = np.stack([recognised(truth, logits) for truth, logits in answers])
            lost[name] = np.stack(
                [missed(truth, logits, choose_threshold(logits, truth.labels)) for truth, logits in answers]
            )

            def over(clips: Floats, pooled: bool = True) -> Estimate:
                return by_speaker(clips.mean(axis=0), speakers, pooled=pooled)

            rows.append(
                Row(
                    condition,
                    name,
                    over(right[name]),
                    tuple(right[name].mean(axis=1).tolist()),
                    over(right[name], pooled=False),
                    over(lost[name]),
                    tuple(lost[name].mean(axis=1).tolist()),
                    over(right[name] - right[names[0]]),
                    over(lost[name] - lost[names[0]]),
                )
            )
    return rows, [_at_validation_threshold(name, [seed[name] for seed in seeds]) for name in names]


def _at_validation_threshold(name: str, seeds: Sequence[Answers]) -> Threshold:
    figures = []
    for answers in seeds:
        truth, logits = answers.truth, answers.conditions[CLEAN]
        threshold = choose_threshold(answers.validation, answers.validation_labels)
        accepted = keyword_scores(logits)[0] >= threshold
        figures.append(
            (
                missed(truth, logits, threshold).mean(),
                accepted[truth.labels == UNKNOWN_LABEL].mean(),
                accepted[truth.unseen].mean() if truth.unseen.any() else np.nan,
            )
        )
    return Threshold(name, *np.mean(figures, axis=0).tolist())


def answers_of(data: Data, widths: Sequence[int], stages: Stages) -> dict[str, Answers]:
    """Trains a recipe's models, or finds them trained, and asks them."""
    models = train(data, widths, stages)
    float_stage = train_float(data.recipe, data.dataset, stages)
    validation = data.held_out.validation.labels
    asked: dict[str, Answers] = {}
    others = conditions(data.held_out.test, data.recipe.frontend, stages)
    truth = _truth(data)
    for model in models:
        logits = {CLEAN: model.logits}
        for other in others:
            clips, file = other.clips, model.file
            logits[other.name] = (
                evaluate_float(float_stage, clips.features, clips.key, stages)
                if file is None
                else reference_logits(file.model, file.digest, clips.features, clips.key, stages)
            )
        asked[model.name] = Answers(truth, logits, model.validation, validation)
    return asked


def _truth(data: Data) -> Truth:
    corpus = data.corpus
    said = {word_of(file) for file in corpus.training.files}
    unseen = [word_of(file) not in said for file in corpus.testing.files]
    labels = corpus.testing.label
    return Truth(labels, np.asarray(corpus.testing.speakers), np.asarray(unseen) & (labels == UNKNOWN_LABEL))


def markdown(rows: Sequence[Row], thresholds: Sequence[Threshold]) -> str:
    """Both tables, in per cent and points."""
    head = "condition | weights | keywords recognised | of each seed | mean of speakers | against float | misses"
    lines = [f"| {head} | of each seed | against float |", "|---" * 9 + "|"]
    for row in rows:
        cells = [
            row.condition,
            row.weights,
            _share(row.recognised),
            _each(row.by_seed),
            _share(row.per_speaker),
            _points(row.gain),
            _share(row.missed),
            _each(row.missed_by_seed),
            _points(row.excess),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "| weights | misses | other words accepted | those that training never heard |", "|---|---|---|---|"]
    for one in thresholds:
        lines.append(
            f"| {one.weights} | {100 * one.missed:.1f} | {100 * one.accepted:.1f} | {100 * one.accepted_unseen:.1f} |"
        )
    return "\n".join(lines) + "\n"


def _share(estimate: Estimate) -> str:
    return f"{100 * estimate.value:.1f} [{100 * estimate.low:.0f}, {100 * estimate.high:.0f}]"


def _points(estimate: Estimate) -> str:
    return f"{100 * estimate.value:+.1f} [{100 * estimate.low:+.1f}, {100 * estimate.high:+.1f}]"


def _each(values: Sequence[float]) -> str:
    return " ".join(f"{100 * value:.1f}" for value in values)


def _with_seed(data: Data, seed: int) -> Data:
    training = TrainingSection.model_validate({**data.recipe.training.model_dump(), "seed": seed})
    return replace(data, recipe=data.recipe.model_copy(update={"training": training}))


@click.command()
@data_options
@click.option("--seeds", default="1,2,3", show_default=True, metavar="N,N", help="Each trains in OUT-sN.")
@click.option(
    "--widths", default=",".join(map(str, BIT_WIDTHS)), show_default=True, metavar="BITS,BITS", help="Of weights."
)
@click.option("--page", type=PATH, metavar="FILE", help="Also write the tables there, as Markdown.")
@guarded()
def main(options: DataOptions, seeds: str, widths: str, page: Path | None) -> None:
    """Means over seeds of what a recipe reaches at every width of weights, with 95 % intervals over speakers.

    Runs that `pipeline.build --out OUT-sN` has finished with a recipe of that seed are used as they are. Misses are
    at the threshold that lets 1 % of the other words of the same clips through; the second table has them at the one
    that does so in the validation split.
    """
    progress: Progress = RichProgress(console)
    data = options.load(progress)
    out = options.out or Path("out") / data.recipe.name
    answers = []
    for seed in (int(number) for number in seeds.split(",")):
        with replace(options, out=out.with_name(f"{out.name}-s{seed}")).stages(data.recipe.name, progress) as stages:
            answers.append(answers_of(_with_seed(data, seed), [int(bits) for bits in widths.split(",")], stages))
    text = markdown(*summarise(answers))
    if page is not None:
        write_text(page, text)
    click.echo(text)


if __name__ == "__main__":
    main()
