"""What a run is about to train on, shown before it does; and which words are keywords, asked where nothing says it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from pipeline.corpus import SPLITS, Corpus
from pipeline.corpus.counts import Count, count
from pipeline.corpus.folder import Word
from pipeline.recipe import Recipe


def show_plan(console: Console, recipe: Recipe, corpus: Corpus, negatives: Path | None) -> None:
    """Prints the recipe, clips and speakers of every class in every split, and what running speech it learns to reject.

    Args:
        negatives: folder of the user's own.
    """
    window = recipe.frontend.context_samples / recipe.frontend.sample_rate
    training = recipe.training
    console.print(
        f"recipe {recipe.name}: clips of {recipe.corpus.clip_seconds:g} s, a {recipe.model.kind} network over "
        f"{window:.2f} s of them, {training.epochs} + {training.qat_epochs} epochs ({training.low_bit_qat_epochs} for "
        f"less than 4 bits), seed {training.seed}",
        highlight=False,
    )
    if recipe.teacher is not None:
        size = f" of {recipe.teacher.channels} channels" if recipe.teacher.kind == "temporal" else ""
        console.print(f"taught by a {recipe.teacher.kind} network{size}, which trains first", highlight=False)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("clips (speakers)")
    for heading in ("training", "synthesised", *SPLITS[1:]):
        table.add_column(heading, justify="right", no_wrap=True)
    counts = [count(corpus.split(name), len(corpus.labels)) for name in SPLITS]
    for label, (training, validation, testing) in zip(corpus.labels, zip(*counts, strict=True), strict=True):
        synthesised = f"{training.synthesised:,}" if training.synthesised else ""
        table.add_row(label, _text(training), synthesised, _text(validation), _text(testing))
    console.print(table)
    hours = recipe.corpus.sentence_hours
    speech = [f"{hours:g} h of synthesised sentences"] if hours else []
    speech += [f"recordings in {negatives.name}"] if negatives else []
    if speech:
        console.print(f"running speech to reject: {', '.join(speech)}", highlight=False, markup=False)


def _text(found: Count) -> str:
    clips = found.recorded or found.synthesised
    return f"{clips:,} ({found.speakers:,})" if found.speakers else f"{clips:,}"


def ask_keywords(console: Console, words: Sequence[Word]) -> str:
    """Shows the words of a folder and asks which are keywords; returns what was typed."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("word in the folder")
    for heading in ("clips", "speakers"):
        table.add_column(heading, justify="right")
    for word in words:
        table.add_row(word.name, f"{len(word.files):,}", f"{word.speakers:,}")
    console.print(table)
    return console.input("Keywords, with commas between them (all others teach it what to reject): ")
