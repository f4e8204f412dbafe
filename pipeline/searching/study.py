"""The search itself: candidates within the budget are trained in parallel, and Optuna draws the next ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from pipeline.cost import Cost, cost_of
from pipeline.errors import ExperimentError, QuantizationError, RecipeError
from pipeline.experiments.cells import CLEAN, Answers, Place, read_answers
from pipeline.experiments.paired import missed
from pipeline.experiments.spec import Cell, Weights
from pipeline.experiments.workers import Runner
from pipeline.searching.space import Search

_TRIES = 1000
"""Candidates over budget in a row after which nothing is thought to fit."""


@dataclass(frozen=True)
class Finding:
    """A candidate that was trained.

    Attributes:
        number: of the trial.
        settings: recipe keys.
        misses: share of keyword clips missed at 1 % false accepts, in the fold that judges.
        model: its ``.tflite``.
        best: whether no other has both fewer misses and less cost.
    """

    number: int
    settings: dict[str, Any]
    bits: int
    misses: float
    cost: Cost
    model: Path
    best: bool


def open_study(search: Search, folder: Path) -> optuna.Study:
    """The study in ``folder``, made on first use; what a killed run left unfinished is tried first.

    Raises:
        ExperimentError: the study there is of another search.
    """
    folder.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        storage=f"sqlite:///{(folder / f'{search.name}.db').absolute()}",
        study_name=search.name,
        directions=["minimize", "minimize"],
        load_if_exists=True,
    )
    whole = search.model_dump(mode="json")
    if study.user_attrs.get("search", whole) != whole:
        raise ExperimentError(
            f"{folder / search.name}.db holds a search of this name with other settings", "name this one otherwise"
        )
    study.set_user_attr("search", whole)
    # the sampler's draws are not kept: without another seed a resumed study would draw the first ones again
    study.sampler = optuna.samplers.TPESampler(seed=search.seed + len(study.trials), multivariate=True)
    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
        study.enqueue_trial(trial.params)
    return study


def run_trials(
    search: Search,
    study: optuna.Study,
    trials: int,
    place: Place,
    runner: Runner,
    workers: int,
) -> Iterator[str]:
    """Trains candidates, ``workers`` at once, until the study has so many; tells of each as it ends.

    Raises:
        ExperimentError: nothing that is drawn fits the budget.
    """
    while (left := trials - len(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)))) > 0:
        chosen = {cell: trial for trial, cell in (_fitting(search, study) for _ in range(min(left, workers)))}
        for done in runner(list(chosen), place):
            trial = chosen[done.cell]
            misses = _misses(read_answers(done))
            trial.set_user_attr("model", str(done.model))
            study.tell(trial, [misses, trial.user_attrs["cost"][search.cost]])
            yield f"candidate {trial.number}: misses {100 * misses:.1f} %, {_shown(trial)}"


def findings(study: optuna.Study) -> list[Finding]:
    """All candidates that were trained, in order."""
    best = {trial.number for trial in study.best_trials}
    return [_finding(trial, trial.number in best) for trial in study.get_trials(states=(TrialState.COMPLETE,))]


def _fitting(search: Search, study: optuna.Study) -> tuple[optuna.Trial, Cell]:
    """The next candidate within the budget; those over it are pruned without training."""
    reason = ""
    for _ in range(_TRIES):
        trial = study.ask()
        settings, bits = search.draw(trial)
        try:
            recipe = search.candidate(settings)
            cost = cost_of(recipe, bits)
        except (RecipeError, QuantizationError) as error:  # values that do not go together: a stride, a window
            reason = error.message
        else:
            reason = search.budget.exceeded(cost)
            if not reason:
                for name, value in (("settings", settings), ("bits", bits), ("cost", asdict(cost))):
                    trial.set_user_attr(name, value)
                return trial, Cell(f"candidate {trial.number}", recipe, Weights(bits), 0, search.folds)
        trial.set_user_attr("pruned", reason)
        study.tell(trial, state=TrialState.PRUNED)
    raise ExperimentError(f"none of {_TRIES} candidates fits, the last for {reason}", "widen the budget or the space")


def _misses(answers: Answers) -> float:
    return float(missed(answers.truth.labels, answers.conditions[CLEAN]).mean())


def _shown(trial: optuna.Trial) -> str:
    cost = Cost(**trial.user_attrs["cost"])
    return f"{cost.flash_bytes:,} bytes, {cost.instructions:,} instructions"


def _finding(trial: FrozenTrial, best: bool) -> Finding:
    facts = trial.user_attrs
    model = Path(facts["model"])
    return Finding(trial.number, facts["settings"], facts["bits"], trial.values[0], Cost(**facts["cost"]), model, best)
