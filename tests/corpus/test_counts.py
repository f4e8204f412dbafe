"""Clips and speakers of every class, by hand."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from rich.console import Console

from pipeline.config import Temporal
from pipeline.console import show_plan
from pipeline.corpus import Corpus, Split
from pipeline.corpus.counts import Count, count
from pipeline.recipe import parse_recipe

TRAINING = Split(
    np.zeros((8, 4), np.int16),
    np.array([0, 1, 1, 2, 2, 2, 3, 3]),
    ("hum", "ann", "f3", "ann", "bob", "bob", "m1", "m2"),
    (
        "_background_noise_/crop_0",
        "no/a.wav",
        "_synthesised_/nine+ten_7",
        "on/a.wav",
        "on/b.wav",
        "on/c.wav",
        "off_1",
        "off_2",
    ),
)
ONE = Split(np.zeros((1, 4), np.int16), np.array([2]), ("cy",), ("on/d.wav",))


def test_recordings_are_counted_apart_from_synthesised_speech() -> None:
    assert count(TRAINING, 4) == (
        Count(recorded=1, synthesised=0, speakers=0),
        Count(recorded=1, synthesised=1, speakers=1),
        Count(recorded=3, synthesised=0, speakers=2),
        Count(recorded=0, synthesised=2, speakers=2),
    )


def test_the_plan_shows_them_and_the_recipe() -> None:
    recipe = parse_recipe({"name": "on_off", "corpus": {"keywords": ["on", "off"]}}, "tests")
    console = Console(file=io.StringIO(), width=120)
    show_plan(console, recipe, Corpus(recipe.corpus.labels, TRAINING, ONE, ONE, ()), Path("spoken/radio"))
    lines = [" ".join(line.split()) for line in console.file.getvalue().splitlines()]
    assert lines[0] == (
        "recipe on_off: clips of 1.5 s, a temporal network over 1.44 s of them, 60 + 20 epochs (60 for less than "
        "4 bits), seed 1"
    )
    assert "_unknown_ 1 (1) 1 0 0" in lines
    assert "on 3 (2) 1 (1) 1 (1)" in lines
    assert "off 2 (2) 2 0 0" in lines
    assert lines[-1] == "running speech to reject: 2 h of synthesised sentences, recordings in radio"
    assert not any(line.startswith("taught") for line in lines)
    taught = recipe.model_copy(update={"teacher": Temporal(kind="temporal", channels=96)})
    show_plan(console, taught, Corpus(recipe.corpus.labels, TRAINING, ONE, ONE, ()), None)
    assert "taught by a temporal network of 96 channels, which trains first" in console.file.getvalue()
