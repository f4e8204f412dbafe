"""Cells on real, tiny trainings: what is judged, what is kept, and what a killed worker costs."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import CorpusError, ExperimentError
from pipeline.experiments.cells import CLEAN, Done, Place, read_answers, run_cell
from pipeline.experiments.paired import summarise
from pipeline.experiments.spec import Cell, Spec
from pipeline.experiments.workers import on_processes, run_all
from pipeline.training.evaluate import evaluate


def cells_of(recipe: Path, **settings: object) -> list[Cell]:
    return Spec.model_validate({"name": "try", "recipe": str(recipe), **settings}).cells()


def place(whistles: Path, folder: Path) -> Place:
    return Place(whistles, None, folder / "cache", folder / "out")


@pytest.fixture(scope="session")
def finished(whistles: Path, small_recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, list[Done]]:
    """Float, 2 bits trained for and 4 bits after training, in this process."""
    where = place(whistles, tmp_path_factory.mktemp("cells"))
    cells = cells_of(small_recipe, seeds=(1,), qat=(2,), post_training=(4,))
    return where, list(run_all(cells, where, lambda some, at: (run_cell(cell, at) for cell in some)))


def test_a_cell_answers_under_every_condition(finished: tuple[Place, list[Done]]):
    _, done = finished
    assert [one.cell.weights.name for one in done] == ["float32", "2-bit", "4-bit post-training"]
    for one in done:
        found = read_answers(one)
        assert next(iter(found.conditions)) == CLEAN
        assert len(found.conditions) == 5
        assert {logits.shape for logits in found.conditions.values()} == {(len(found.truth.labels), 4)}
        assert found.truth.keyword.sum() == 6  # one speaker, two words, three times
        assert set(found.truth.speakers[found.truth.keyword]) == {"speaker09"}
    floats, low, rounded = (read_answers(one).conditions[CLEAN] for one in done)
    assert not np.array_equal(floats, low)
    assert np.abs(floats - rounded).max() < np.abs(floats - low).max()


def test_a_cell_may_train_over_telephone_lines(small_recipe: Path, whistles: Path, tmp_path: Path):
    over = tmp_path / "over.toml"
    text = small_recipe.read_text()
    over.write_text(text.replace("[augmentation]", "[augmentation]\nline_probability = 0.5"))
    answers = []
    for recipe in (small_recipe, over):
        (cell,) = cells_of(recipe, seeds=(1,), post_training=())[:1]
        answers.append(read_answers(run_cell(cell, place(whistles, tmp_path))).conditions[CLEAN])
    assert not np.array_equal(*answers)


def test_figures_are_those_of_the_report(finished: tuple[Place, list[Done]]):
    _, done = finished
    (row,) = (row for row in summarise({("", "float32"): [[read_answers(done[0])]]}) if row.condition == CLEAN)
    found = read_answers(done[0])
    judged = evaluate(
        found.conditions[CLEAN], found.truth.labels, list(found.truth.speakers), ("s", "u", "low", "high")
    )
    assert row.recognised == judged.keyword_accuracy
    assert row.per_speaker == judged.speaker_keyword_accuracy


def test_finished_cells_are_kept(finished: tuple[Place, list[Done]]):
    where, done = finished
    assert done[1].fresh
    again = run_cell(done[1].cell, where)
    assert (again.folder, again.fresh) == (done[1].folder, False)


def test_folds_judge_every_recording_but_those_for_testing_once(whistles: Path, small_recipe: Path, tmp_path: Path):
    where = place(whistles, tmp_path)
    found = [read_answers(run_cell(cell, where)) for cell in cells_of(small_recipe, seeds=(1,), folds=2, qat=())]
    files = [file for one in found for file in one.truth.files[one.truth.labels > 0].tolist()]
    assert len(files) == len(set(files)) == 9 * 9  # speaker 9 is for testing
    assert not any("speaker09" in file for file in files)
    speakers = [set(one.truth.speakers[one.truth.labels > 0]) for one in found]
    assert not set.intersection(*speakers)
    rows = summarise({("", "float32"): [found]})
    assert rows[0].condition == CLEAN
    assert len(rows) >= 3  # a fold without silence has no noise to be judged in


def test_errors_come_back_from_workers_with_their_hints(small_recipe: Path, tmp_path: Path):
    with pytest.raises(CorpusError) as caught:
        list(on_processes(1)(cells_of(small_recipe, seeds=(1,), qat=()), place(tmp_path / "none", tmp_path)))
    assert caught.value.hint


def _kill(count: int) -> None:
    """Kills that many workers, each as soon as there is one."""
    killed: set[int] = set()
    while len(killed) < count:
        for process in multiprocessing.active_children():
            if process.pid is not None and process.pid not in killed:
                os.kill(process.pid, signal.SIGKILL)
                killed.add(process.pid)
        time.sleep(0.05)


def test_a_killed_worker_is_replaced_and_nothing_is_lost(
    whistles: Path, finished: tuple[Place, list[Done]], tmp_path: Path
):
    _, done = finished
    killer = threading.Thread(target=_kill, args=(1,))
    killer.start()
    (again,) = on_processes(1)([done[0].cell], place(whistles, tmp_path))
    killer.join()
    for name, logits in read_answers(done[0]).conditions.items():
        assert np.array_equal(logits, read_answers(again).conditions[name])


def test_workers_that_keep_dying_end_the_experiment(whistles: Path, finished: tuple[Place, list[Done]], tmp_path: Path):
    _, done = finished
    killer = threading.Thread(target=_kill, args=(3,))
    killer.start()
    with pytest.raises(ExperimentError, match="killed 3 times"):
        list(on_processes(1)([done[0].cell], place(whistles, tmp_path)))
    killer.join()
