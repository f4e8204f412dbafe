"""Means over seeds, folds and differences, by hand: three speakers, two seeds, a model as good as float, one worse."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from pipeline.cost import Cost
from pipeline.errors import ExperimentError
from pipeline.experiments.cells import CLEAN, Answers
from pipeline.experiments.material import Truth
from pipeline.experiments.output import markdown, write_results
from pipeline.experiments.paired import DET_POINTS, summarise

# silence, unknown, then two keywords
LABELS = np.array([2, 2, 2, 3, 1, 1, 1, 0])
SPEAKERS = np.array(["ann", "ann", "ann", "bob", "cy", "cy", "cy", "fan"])
FILES = np.array([f"clip{i}" for i in range(8)])
TRUTH = Truth(FILES, LABELS, SPEAKERS, np.array([False] * 5 + [True] * 2 + [False]))


def logits(*said: tuple[int, float]) -> np.ndarray:
    """Rows in which a label has nearly all of the given logit."""
    rows = np.zeros((len(said), 4), np.float32)
    for row, (label, strength) in zip(rows, said, strict=True):
        row[label] = strength
    return rows


RIGHT = logits((2, 9), (2, 8), (2, 7), (3, 9), (1, 9), (1, 9), (2, 6), (0, 9))
"""Every keyword is right, and louder than the one other word that is taken for one."""
WORSE = logits((2, 9), (2, 8), (1, 9), (2, 9), (1, 9), (1, 9), (2, 8.5), (0, 9))
"""One clip of ann's is lost, bob's is taken for the other word; hers of 8 lies below the loudest other word."""
VALIDATION = logits((2, 9), (1, 9), (2, 5), (3, 5.5)), np.array([2, 1, 1, 3])


def answers(one: np.ndarray, which: slice = slice(None)) -> Answers:
    return Answers(Truth(*(part[which] for part in vars(TRUTH).values())), {CLEAN: one[which]}, *VALIDATION)


FLOAT, LOW = ("net", "float32"), ("net", "2-bit")
TWO_SEEDS = {FLOAT: [[answers(RIGHT)], [answers(WORSE)]], LOW: [[answers(WORSE)], [answers(WORSE)]]}


def test_seeds_are_averaged_and_compared_with_float_clip_by_clip():
    whole, low = summarise(TWO_SEEDS)
    assert (whole.condition, whole.weights, low.weights) == (CLEAN, "float32", "2-bit")
    assert whole.by_seed == (1.0, 0.5)
    assert whole.recognised.value == pytest.approx(0.75)
    assert whole.per_speaker.value == pytest.approx((5 / 6 + 1 / 2) / 2)  # ann 1 and 2/3, bob 1 and 0
    assert whole.missed_by_seed == (0.0, 0.75)
    assert low.missed_by_seed == (0.75, 0.75)
    # bob's clip is missed by one seed of two, one of ann's three by neither
    assert whole.missed_per_speaker.value == pytest.approx((1 / 3 + 1 / 2) / 2)
    assert low.missed_per_speaker.value == pytest.approx((2 / 3 + 1) / 2)
    assert whole.to_float is None
    assert low.to_first is None
    difference = low.to_float
    assert difference is not None
    assert difference.recognised.value == pytest.approx(-0.25)
    assert difference.missed.value == pytest.approx(0.375)
    # bob alone loses 1 and 0 of his clip, ann 1/3 and 0 of hers: what resampling can find lies between
    assert (difference.recognised.low, difference.recognised.high) == (pytest.approx(-0.5), pytest.approx(-1 / 6))


def test_variants_are_compared_with_the_first_at_the_same_weights():
    rows = summarise({FLOAT: [[answers(RIGHT)]], ("other", "float32"): [[answers(WORSE)]]})
    assert rows[0].to_first is None
    assert rows[1].to_first is not None
    assert rows[1].to_first.recognised.value == pytest.approx(-0.5)
    assert rows[1].to_first.missed.value == pytest.approx(0.75)


def test_a_threshold_from_validation_shows_what_it_lets_through():
    (row,) = summarise({FLOAT: [[answers(RIGHT)]]})
    # the loudest other word of validation has 5, the next keyword 5.5: the unseen word of 6 is let through
    assert row.missed_tuned.value == 0
    assert row.accepted == pytest.approx(1 / 3)
    assert row.accepted_unseen == pytest.approx(1 / 2)


def test_a_speaker_counts_once_however_many_clips_are_theirs():
    (row,) = summarise({FLOAT: [[answers(WORSE)]]})
    # at validation's threshold ann loses the clip that is lost to the other word, bob his only one
    assert row.missed_tuned.value == pytest.approx(2 / 4)
    assert row.missed_tuned_per_speaker.value == pytest.approx((1 / 3 + 1) / 2)
    # resampled, two speakers are ann twice, both, or bob twice
    assert (row.missed_tuned_per_speaker.low, row.missed_tuned_per_speaker.high) == (pytest.approx(1 / 3), 1)
    # of 1 % of three words none may pass: the loudest other word leaves ann one clip
    assert row.missed_per_speaker.value == pytest.approx((2 / 3 + 1) / 2)


def test_folds_of_a_seed_are_one_set_of_clips():
    # the second fold has no other word that sounds like a keyword, the first one none at all
    halves = [answers(RIGHT, slice(0, 4)), answers(RIGHT, slice(4, 8))]
    (row,) = summarise({FLOAT: [halves]})
    (whole,) = summarise({FLOAT: [[answers(RIGHT)]]})
    assert (row.recognised, row.missed_tuned, row.accepted) == (whole.recognised, whole.missed_tuned, whole.accepted)


def test_curves_are_means_of_misses_at_the_same_false_accepts():
    whole, low = summarise({FLOAT: [[answers(RIGHT)], [answers(WORSE)]], LOW: [[answers(RIGHT)], [answers(RIGHT)]]})
    assert [point[0] for point in whole.det] == DET_POINTS.tolist()
    assert {misses for _, misses in low.det} == {0}
    strict, loose = whole.det[0][1], whole.det[-1][1]
    # of the second seed three of four clips lie below the other word's 8.5; with any threshold one is the wrong word
    assert strict == pytest.approx(0.75 / 2)
    assert loose == pytest.approx(0.25 / 2)


def test_other_clips_do_not_pair():
    with pytest.raises(ExperimentError, match="same keyword clips"):
        summarise({FLOAT: [[answers(RIGHT)]], LOW: [[answers(RIGHT, slice(1, None))]]})


def test_tables_are_in_per_cent():
    text = markdown(summarise({FLOAT: TWO_SEEDS[FLOAT]}))
    assert "| as recorded | net | float32 | 75.0 [" in text
    assert "| 100.0 50.0 |" in text
    # 3 of 8 clips missed, of ann's 2 of 6, of bob's 1 of 2; with the threshold of validation 2, 1 of 6 and 1 of 2
    assert "| 37.5 [33, 50] | 41.7 [33, 50] | 25.0 [17, 50] | 33.3 [17, 50] | 33.3 | 50.0 |" in text
    assert "against" not in text  # there is nothing to compare with


def test_results_are_the_same_on_the_page_and_for_programs(tmp_path: Path):
    rows = summarise(TWO_SEEDS)
    costs = {FLOAT: Cost(4000, 4000, 200, 100, 900, None), LOW: Cost(400, 416, 200, 100, 900, 1800)}
    paths = write_results({"name": "try"}, "try", rows, costs, tmp_path)
    assert {path.name for path in paths} == {"try.md", "try.csv", "try.json", "try_det.svg", "try_misses.svg"}
    assert all(path.stat().st_size for path in paths)
    page = paths[0].read_text()
    assert "-25.0 [-50.0, -16.7]" in page
    assert "| net | 2-bit | 400 | 416 | 200 | 100 | 900 | 1,800 |" in page
    table = list(csv.DictReader((tmp_path / "try.csv").open()))
    document = json.loads((tmp_path / "try.json").read_text())
    assert [row["weights"] for row in table] == ["float32", "2-bit"]
    assert float(table[1]["to_float.recognised.value"]) == document["results"][1]["to_float"]["recognised"]["value"]
    assert table[1]["bytes"] == "400"
    assert document["results"][0]["to_float"] is None
