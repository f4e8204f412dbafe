"""Another recipe's network on the same speech, to compare with."""

from __future__ import annotations

from dataclasses import replace

from pipeline.recipe import Recipe, parse_recipe
from pipeline.report import AccuracyRow
from pipeline.stages import Stages
from pipeline.workflow.data import Data
from pipeline.workflow.recipes import named_recipe
from pipeline.workflow.reporting import Judgement
from pipeline.workflow.run import train


def measure_baseline(data: Data, name: str, bits: int, stages: Stages) -> AccuracyRow:
    """Trains the network of a recipe on the words and the speech of ``data``, and judges it on the same clips.

    Args:
        name: of the recipe, as after ``--recipe``; its network, front end and way of training count, its words do not.

    Raises:
        RecipeError: there is no such recipe, or it needs longer clips.
    """
    other = replace(data, recipe=_on_the_same_clips(named_recipe(name), data.recipe))
    result = train(other, (bits,), stages)[-1]
    assert result.file is not None
    judged = Judgement.of(result.logits, result.validation, other.held_out, other.recipe.corpus.labels)
    return judged.row(other.recipe.name, "numpy", result.training, bits, result.file.model.quantized_bytes)


def _on_the_same_clips(recipe: Recipe, run: Recipe) -> Recipe:
    """The recipe with the words and clips of a run; how much synthesised speech it trains on stays its own."""
    added = {name: getattr(recipe.corpus, name) for name in ("added_clips", "added_unknown", "sentence_hours")}
    corpus = {**run.corpus.model_dump(), **added}
    training = {**recipe.training.model_dump(), "seed": run.training.seed}
    return parse_recipe({**recipe.model_dump(), "corpus": corpus, "training": training}, f"baseline {recipe.name}")
