"""``python -m lab.sensitivity``: what quantizing one layer alone costs, and which widths of layers that suggests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import click
import numpy as np
from numpy.typing import NDArray

from lab.seeds import seed_options, with_seeds
from pipeline.console import RichProgress, console, guarded
from pipeline.corpus import UNKNOWN_LABEL
from pipeline.cost import cost_of
from pipeline.errors import UsageError
from pipeline.experiments.paired import missed
from pipeline.options import DataOptions, data_options
from pipeline.progress import SILENT, Progress
from pipeline.recipe import Recipe
from pipeline.training.evaluate import Estimate, by_speaker
from pipeline.workflow.data import HeldOutClips
from pipeline.workflow.tensorflow import load_tensorflow
from pipeline.workflow.training import train_float

if TYPE_CHECKING:
    import keras

Logits = NDArray[np.float32]


@dataclass(frozen=True)
class Rise:
    """How much worse a network is than its float twin on the same clips, with intervals over speakers.

    Attributes:
        loss: of the mean cross-entropy, in nats, where the twin's posteriors are the targets: the Kullback-Leibler
            divergence from them. With the clips' labels it would also fall where a network is only less sure of itself.
        missed: of the share of keyword clips missed, each network at the threshold that lets 1 % of the other words of
            these clips through.
        saved: bytes of weights and parameters, against floats.
    """

    loss: Estimate
    missed: Estimate
    saved: int


Sensitivity = Mapping[str, Mapping[int, Rise]]
"""By layer and weight bits."""


def rise(answers: Sequence[tuple[HeldOutClips, Logits, Logits]], saved: int) -> Rise:
    """Of all seeds together: clips, the float twin's logits ``[n, labels]`` and the other network's."""
    speakers = [np.asarray(clips.speakers) for clips, _, _ in answers]
    losses = [_divergence(twin, other) for _, twin, other in answers]
    lost = [missed(clips.labels, other) - missed(clips.labels, twin) for clips, twin, other in answers]
    said = [own[clips.labels > UNKNOWN_LABEL] for own, (clips, _, _) in zip(speakers, answers, strict=True)]
    return Rise(
        by_speaker(np.concatenate(losses), np.concatenate(speakers), pooled=True),
        by_speaker(np.concatenate(lost), np.concatenate(said), pooled=True),
        saved,
    )


def _divergence(twin: Logits, other: Logits) -> NDArray[np.float64]:
    """Of each clip ``[n]``."""
    p, q = (x - np.logaddexp.reduce(x, axis=1, keepdims=True) for x in (twin.astype(np.float64), other))
    return np.asarray((np.exp(p) * (p - q)).sum(axis=1))


def rounded(twin: keras.Model, name: str, bits: int) -> keras.Model:
    """A float network of which one layer is quantized, its inputs too, without training for it.

    Raises:
        QuantizationError: bits that the method does not know.
    """
    import keras

    from pipeline.training.convert import start_from

    def copy(layer: keras.layers.Layer) -> keras.layers.Layer:
        settings = layer.get_config()
        return type(layer)(**{**settings, "weight_bits": bits}) if layer.name == name else layer.from_config(settings)

    network = keras.models.clone_model(twin, clone_function=copy)
    start_from(network, twin, clip=False)
    return network


def measure(
    twins: Sequence[tuple[keras.Model, HeldOutClips]], widths: Sequence[int], progress: Progress = SILENT
) -> Sensitivity:
    """Quantizes every dense layer of float networks of one shape, alone, to every width."""
    from pipeline.training.convert import dynq_layers
    from pipeline.training.fit import predict_logits
    from pipeline.training.layers import DynqDense

    names = [layer.name for layer in dynq_layers(twins[0][0]) if isinstance(layer, DynqDense)]
    floats = [(clips, predict_logits(twin, clips.features)) for twin, clips in twins]
    found: dict[str, dict[int, Rise]] = {name: {} for name in names}
    with progress.task("Layers", len(names) * len(widths)) as task:
        for name, bits in product(names, widths):
            networks = [rounded(twin, name, bits) for twin, _ in twins]
            layer = networks[0].get_layer(name).quantized(name)
            answers = [
                (clips, logits, predict_logits(network, clips.features))
                for network, (clips, logits) in zip(networks, floats, strict=True)
            ]
            found[name][bits] = rise(answers, layer.float_bytes - layer.weight_bytes - layer.parameter_bytes)
            task.advance()
    return found


def table(found: Sensitivity) -> str:
    """A line for every width of every layer, as Markdown, the one that costs most first."""
    rises = [(name, bits, one) for name, widths in found.items() for bits, one in widths.items()]
    lines = ["| layer | bits | bytes saved | cross-entropy | missed, points |", "|---" * 5 + "|"]
    for name, bits, one in sorted(rises, key=lambda line: -line[2].loss.value):
        lines.append(
            f"| `{name}` | {bits} | {one.saved:,} | {_signed(one.loss, 1, 3)} | {_signed(one.missed, 100, 1)} |"
        )
    return "\n".join(lines) + "\n"


def _signed(estimate: Estimate, unit: float, digits: int) -> str:
    value, low, high = (f"{unit * part:+.{digits}f}" for part in (estimate.value, estimate.low, estimate.high))
    return f"{value} [{low}, {high}]"


def suggest(recipe: Recipe, found: Sensitivity, flash_bytes: int) -> tuple[int, ...]:
    """Widths that fit, of the first and the last layer, then of each block; greedily: whichever step down costs the
    least cross-entropy a byte comes first.

    Args:
        flash_bytes: of weights and parameters as packed for the kernels, see ``pipeline.cost.Cost``.

    Raises:
        UsageError: it does not fit at the smallest widths, or its network is of a kind whose layers share one width.
        QuantizationError: a width that has no kernel.
    """
    if recipe.model.kind != "temporal":
        raise UsageError(f"the layers of a {recipe.model.kind} share one width", "leave --flash-bytes out")
    edges = [name for name in ("stem", "logits") if name in found]  # for which a recipe has one key
    groups = [edges, *([f"dense_{i}"] for i in range(len(recipe.model.blocks)))]
    bits = sorted(found["logits"])
    losses = [{one: sum(found[name][one].loss.value for name in group) for one in bits} for group in groups]
    widths = (bits[-1],) * len(groups)
    while (size := _flash_bytes(recipe, widths)) > flash_bytes:
        steps = []
        for place, loss in enumerate(losses):
            for lower in bits[: bits.index(widths[place])]:
                narrowed = (*widths[:place], lower, *widths[place + 1 :])
                if saved := size - _flash_bytes(recipe, narrowed):
                    steps.append(((loss[lower] - loss[widths[place]]) / saved, narrowed))
        if not steps:
            raise UsageError(f"the network takes {size:,} bytes at the least", "raise --flash-bytes, or shrink it")
        widths = min(steps)[1]
    return widths


def _flash_bytes(recipe: Recipe, widths: Sequence[int]) -> int:
    return cost_of(_with_widths(recipe, widths), widths[0]).flash_bytes


def _with_widths(recipe: Recipe, widths: Sequence[int]) -> Recipe:
    network, (edges, *others) = recipe.model, widths
    assert network.kind == "temporal"
    blocks = tuple(block.model_copy(update={"bits": one}) for block, one in zip(network.blocks, others, strict=True))
    return recipe.model_copy(update={"model": network.model_copy(update={"edge_bits": edges, "blocks": blocks})})


def snippet(recipe: Recipe, widths: Sequence[int]) -> Iterator[str]:
    """Lines of the recipe's network in TOML, with such widths."""
    settings = _with_widths(recipe, widths).model.model_dump(mode="json", exclude_defaults=True)
    blocks = settings.pop("blocks", [])
    yield f"# {_flash_bytes(recipe, widths):,} bytes; to be trained with --weight-bits {widths[0]}"
    for head, part in (("[model]", settings), *(("[[model.blocks]]", block) for block in blocks)):
        yield head
        yield from (f"{key} = {json.dumps(value)}" for key, value in part.items())


@click.command()
@data_options
@seed_options
@click.option(
    "--flash-bytes", type=click.IntRange(1), help="Suggest widths for so many bytes of weights and parameters."
)
@guarded()
def main(options: DataOptions, seeds: tuple[int, ...], widths: tuple[int, ...], flash_bytes: int | None) -> None:
    """How much worse float networks get on validation clips when one dense layer alone is quantized, without training
    for it: rises of the mean cross-entropy and of the misses at 1 % false accepts, with 95 % intervals over speakers.

    Float networks that `pipeline.build --out OUT-sN` has trained with such a seed are used as they are.
    """
    progress: Progress = RichProgress(console)
    data = options.load(progress)
    load_tensorflow()
    from pipeline.training.convert import load_trained

    twins = []
    for own, stages in with_seeds(data, options, seeds, progress):
        trained = train_float(own.recipe, own.dataset, stages)
        twins.append((load_trained(trained.folder / "model.keras"), own.held_out.validation))
    found = measure(twins, widths, progress)
    click.echo(table(found))
    if flash_bytes is not None:
        click.echo("\n".join(snippet(data.recipe, suggest(data.recipe, found, flash_bytes))))


if __name__ == "__main__":
    main()
