"""Candidates within a budget, a study that goes on, and costs that the emulator confirms."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from lab.whistles import RECIPE
from pipeline.cost import Cost, blank_network, cost_of, model_cost
from pipeline.errors import ExperimentError, RecipeError
from pipeline.experiments.cells import Done, Place, run_cell
from pipeline.experiments.spec import Cell, Spec, load_spec
from pipeline.export import read_tflite
from pipeline.project import PROJECT
from pipeline.stages import Stages
from tests.commands import called, refused
from tests.workflow.conftest import whistles

optuna = pytest.importorskip("optuna", reason="Optuna is not installed: pip install '.[search]'")

from optuna.trial import FixedTrial, TrialState  # noqa: E402

from pipeline.searching.check import Counted, count  # noqa: E402
from pipeline.searching.output import best_table, experiment, write_search  # noqa: E402
from pipeline.searching.space import Budget, Search, load_search  # noqa: E402
from pipeline.searching.study import Finding, findings, open_study, run_trials  # noqa: E402

__all__ = ["whistles"]

EXAMPLE = re.findall(r"```toml\n(.*?)```", (PROJECT / "docs" / "search.md").read_text("utf-8"), re.DOTALL)[0]
DRAWN = {
    "model.channels": 48, "model.edge_bits": 1, "frontend.bands": 0, "blocks": 2, "bits": 2,
    "block 0: taps": 3, "block 0: dilation": 1, "block 0: bits": 8,
    "block 1: taps": 8, "block 1: dilation": 2, "block 1: bits": 4,
}  # fmt: skip


def search(folder: Path, text: str) -> Search:
    path = folder / "search.toml"
    path.write_text(text)
    return load_search(path)


def test_the_example_draws_what_it_says(tmp_path: Path):
    found = search(tmp_path, EXAMPLE)
    settings, bits = found.draw(FixedTrial(DRAWN))
    recipe = found.candidate(settings)
    assert bits == 2
    assert (recipe.model.channels, recipe.model.edge_bits, recipe.frontend.bands) == (48, 4, 16)
    assert [(block.taps, block.dilation, block.bits) for block in recipe.model.blocks] == [(3, 1, 8), (8, 2, 4)]
    dense = [layer.bits for layer in blank_network(recipe, bits).layers if layer.kind == "dense"]
    assert dense == [4, 8, 4, 4]  # 2 bits would be the candidate's, and `edge_bits` those of first and last layer
    assert (recipe.training.epochs, recipe.training.qat_epochs) == (15, 5)
    assert found.budget.exceeded(cost_of(recipe, bits)) == ""


@pytest.mark.parametrize("key", ["channels", "bits"])
def test_blocks_have_what_the_search_leaves_out_from_the_network(tmp_path: Path, key: str):
    lines = {"channels": "channels = { low = 8, high = 16, step = 8 }", "bits": "bits = [8, 2]"}
    text = f'name = "try"\n[blocks]\ncount = {{ low = 1, high = 1 }}\ntaps = {{ low = 2, high = 2 }}\n{lines[key]}\n'
    drawn = {"blocks": 1, "block 0: taps": 2, "block 0: dilation": 1, f"block 0: {key}": 8, "bits": 4}
    settings, _ = search(tmp_path, text).draw(FixedTrial(drawn))
    assert settings == {"model.blocks": [{"taps": 2, "dilation": 1, key: 8}]}


@pytest.mark.parametrize("name", Budget.model_fields)
def test_each_budget_counts(name: str):
    cost = Cost(bytes=90, flash_bytes=100, ram_bytes=100, state_bytes=50, macs=10, instructions=100)
    assert Budget(**{name: 100}).exceeded(cost) == ""
    assert Budget(**{name: 99}).exceeded(cost) == f"{name} 100 of 99"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[space]\nmodel.channels = 3", "model.channels wants a list"),
        ("[space]\nmodel.channels = []", "has no value"),
        ("[space]\nmodel.channels = {low = 5, high = 3}", "wants a list of values, or"),
        ("[blocks]\ncount = {low = 3, high = 2}\ntaps = {low = 1, high = 2}", "low = 3 lies above"),
        ("[budget]\nflash = 3", "unknown key budget.flash"),
        ("", "nothing to search for"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, expected: str):
    with pytest.raises(ExperimentError, match=expected) as caught:
        search(tmp_path, f'name = "try"\n{text}\n')
    assert caught.value.hint


def test_keys_are_the_recipes_own(tmp_path: Path):
    found = search(tmp_path, 'name = "try"\n[space]\nmodel.chanels = [1]\n')
    with pytest.raises(RecipeError, match=r"model\.chanels"):
        found.candidate(found.draw(FixedTrial({"model.chanels": 0, "bits": 4}))[0])


def finding(number: int, misses: float, instructions: int, *, best: bool = True) -> Finding:
    settings = {"model.channels": 8 * number, "model.blocks": [{"taps": 2, "dilation": number}]}
    return Finding(number, settings, 4, misses, Cost(90, 100, 200, 50, 10, instructions), Path("model.tflite"), best)


def test_winners_become_an_experiment(tmp_path: Path):
    found = [finding(1, 0.25, 1000), finding(2, 0.125, 2000), finding(3, 0.5, 3000, best=False)]
    plan = search(tmp_path, EXAMPLE)
    counted = {1: Counted(100, 200, 1010.4, 40_000)}
    paths = write_search(plan, found, counted, tmp_path)
    assert "| 1 | 25.0 | 100 (100) | 200 (200) | 1,000 (1,010) | 4 |" in paths[0].read_text()
    assert "candidate 3" not in best_table(found, counted)
    assert [row["best"] for row in csv.DictReader(paths[1].open())] == ["True", "True", "False"]
    spec = load_spec(tmp_path / "small_winners.toml")
    assert isinstance(spec, Spec)
    assert [name for name, _ in spec.variants()] == ["candidate 1, 4 bits", "candidate 2, 4 bits"]
    assert [recipe.model.blocks[0].dilation for _, recipe in spec.variants()] == [1, 2]
    assert tomllib.loads(experiment(plan, found[:1]))["qat"] == [4]


@pytest.fixture
def small(tmp_path: Path) -> Search:
    recipe = re.sub(r"\[model\].*?\[training\]", "[training]", RECIPE, flags=re.DOTALL)
    recipe = recipe.replace("epochs = 4", "epochs = 1")
    (tmp_path / "small.toml").write_text(recipe + "[model]\nkind = 'temporal'\n")
    text = f'name = "small"\nrecipe = "{tmp_path / "small.toml"}"\nfolds = 2\n[budget]\nflash_bytes = 1500\n'
    blocks = "[blocks]\ncount = {low = 1, high = 1}\ntaps = {low = 2, high = 2}\nbits = [8, 2]\n"
    return search(tmp_path, f"{text}[space]\nmodel.channels = [4, 8, 64]\n{blocks}")


def here(cells: Sequence[Cell], place: Place) -> Iterator[Done]:
    for cell in cells:
        yield run_cell(cell, place)


def test_a_search_trains_what_fits_and_goes_on_where_it_stopped(small: Search, whistles: Path, tmp_path: Path):
    place = Place(whistles, None, tmp_path / "cache", tmp_path / "out")
    study = open_study(small, tmp_path)
    for number, _ in enumerate(("over the budget", "within it")):
        block = {"blocks": 1, "block 0: taps": 2, "block 0: dilation": 1, "block 0: bits": 8}
        study.enqueue_trial({"model.channels": 2 - number, "bits": 4, **block})
    (line,) = run_trials(small, study, 1, place, here, 1)
    assert line.startswith("candidate 1: misses ")
    assert [trial.state for trial in study.trials] == [TrialState.PRUNED, TrialState.COMPLETE]
    assert study.trials[0].user_attrs["pruned"].startswith("flash_bytes")
    (found,) = findings(study)
    assert found.best
    assert found.settings == {"model.channels": 8, "model.blocks": [{"taps": 2, "dilation": 1, "bits": 8}]}
    assert found.cost == model_cost(read_tflite(found.model))
    assert study.trials[1].values == [found.misses, found.cost.instructions]

    begun = study.ask()  # and killed there
    small.draw(begun)
    again = open_study(small, tmp_path)
    assert again.trials[begun.number].state is TrialState.FAIL
    assert again.trials[-1].state is TrialState.WAITING
    assert list(run_trials(small, again, 1, place, here, 1)) == []  # as many as asked for are there
    assert small.draw(again.ask()) == small.draw(begun)  # what was begun comes first

    with pytest.raises(ExperimentError, match="other settings"):
        open_study(small.model_copy(update={"folds": 3}), tmp_path)


def test_a_budget_that_nothing_meets(small: Search, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pipeline.searching.study._TRIES", 3)
    tight = small.model_copy(update={"budget": Budget(flash_bytes=100)})
    with pytest.raises(ExperimentError, match="none of 3 candidates fits"):
        list(run_trials(tight, open_study(tight, tmp_path), 1, Place(None, None, tmp_path, tmp_path), here, 1))


def test_the_emulator_confirms_what_a_network_costs(tmp_path: Path):
    path = PROJECT / "models" / "wake_words_4bit.tflite"
    estimate, counted = model_cost(read_tflite(path)), count(path, Stages(tmp_path))
    assert (counted.flash_bytes, counted.ram_bytes) == (estimate.flash_bytes, estimate.ram_bytes)
    assert counted.instructions == pytest.approx(estimate.instructions, rel=0.02)
    assert counted.image_bytes > 2 * counted.flash_bytes


def test_the_command_refuses_what_is_no_search(tmp_path: Path):
    (tmp_path / "bad.toml").write_text('name = "bad"\n[budget]\nflash = 1\n')
    refused(called("pipeline.search", tmp_path / "bad.toml"), "unknown key budget.flash")
