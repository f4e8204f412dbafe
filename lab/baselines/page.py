"""The page that sets TensorFlow's routes beside the method's models: docs/peers.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.baselines.device import Footprint

CLOCK_HZ = 64_000_000
"""Of the nRF52840, whose Cortex-M4F the cycles are compared with."""


@dataclass(frozen=True)
class Costs:
    """What one model takes.

    Attributes:
        constant_bytes: weights, biases and steps.
        file_bytes: the ``.tflite``.
        macs: multiply-accumulates of one answer.
        footprint: None where it was not measured.
    """

    constant_bytes: int
    file_bytes: int
    macs: int
    footprint: Footprint | None


def share_of_core(cycles: int, seconds: float) -> float:
    """Share of a 64 MHz core that an answer of so many cycles takes when one is due every so many seconds."""
    return cycles / (CLOCK_HZ * seconds)


def rest_for(window_cycles: int, step_cycles: int, step_seconds: float) -> float:
    """Seconds between answers from a window at which it costs what a step does that keeps its past."""
    return step_seconds * window_cycles / step_cycles


def cost_table(costs: Mapping[str, Costs], step_seconds: float) -> str:
    """A row for each model; what was not measured is left open."""
    head = ["weights and parameters", ".tflite", "MACs of an answer", "flash", "RAM", "instructions of an answer",
            "cycles, estimated", f"of a 64 MHz core at one every {1000 * step_seconds:.0f} ms"]  # fmt: skip
    lines = []
    for name, cost in costs.items():
        cells = [cost.constant_bytes, cost.file_bytes, cost.macs]
        measured = cost.footprint
        shown = [f"{cell:,}" for cell in cells]
        if measured is not None:
            figures = (measured.flash_bytes, measured.ram_bytes, measured.instructions, measured.cycles)
            shown += [f"{figure:,}" for figure in figures]
            shown.append(f"{100 * share_of_core(measured.cycles, step_seconds):.1f} %")
        lines.append([name, *shown, *[""] * (len(head) - len(shown))])
    rows = [["", *head], ["---"] * (len(head) + 1), *lines]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def break_even(costs: Mapping[str, Costs], step: str, step_seconds: float) -> Sequence[str]:
    """Of every model that computes more cycles an answer than the named one, when both would cost the same."""
    own = costs[step].footprint
    if own is None:
        return []
    return [
        f"{name}: {rest_for(cost.footprint.cycles, own.cycles, step_seconds):.2f} s"
        for name, cost in costs.items()
        if cost.footprint is not None and cost.footprint.cycles > own.cycles
    ]


INTRODUCTION = """# What one would otherwise take

The default temporal network by TensorFlow's own routes, beside the method's models: the same float weights, the same
test clips. This page is written by a command, whoever comes out ahead:

<!-- needs TensorFlow Lite Micro -->
```sh
pip install '.[baseline]'
{command}
```

- **int8, post-training**: TensorFlow Lite's full integer quantization. Ranges come from 500 varied training clips (of
  the streaming model from 125, step by step).
- **int8, trained**: tfmot's default quantization-aware training from the float weights, with the clips and the loss of
  our own training, but without its teacher.
- **int4, trained**: the same training with 4 bits for the weights of stem and blocks, a step for each output channel;
  taps keep 8, as ours do, and so does the output. TensorFlow 2.21 does not convert that by its experimental switch for
  low bits, so the trained weights are rounded to their 15 levels, converted with 8 bits and packed to 4 in the file.
- **window**: what an export of a Keras model gives: a convolution over the rows of a whole clip, filters as depthwise
  convolutions. Every answer computes the window anew. Steps that an answer does not depend on are left out, which
  favours it over a plain export.
- **streaming**: the past in resource variables of int8, as microWakeWord has it: an answer is a step, like ours. Such a
  model is written by hand, and its conversion needs a switch that is not public either.
"""


def page(
    command: str, epochs: int, accuracy: str, costs: Mapping[str, Costs], own: str, step_seconds: float, versions: str
) -> str:
    """All of it, as Markdown.

    Args:
        epochs: of tfmot's training.
        accuracy: a table.
        costs: of every model, by its name in that table.
        own: the name of the model that break-even is computed against.
        step_seconds: between two steps.
        versions: what the figures were measured with.
    """
    introduction = INTRODUCTION.format(command=command)
    return "\n".join([introduction, _accuracy(accuracy, epochs), _costs(costs, own, step_seconds, versions)])


def _accuracy(table: str, epochs: int) -> str:
    trained = f"tfmot trained for {epochs} epochs" if epochs else "The routes that train were left out of this run"
    return f"""## Accuracy
In per cent, means over seeds with 95 % intervals over speakers. Misses are where 1 % of the other words of the same
clips pass, and at the threshold that lets 1 % through in the validation split. 8, 4 and 2 bits are the method's, the
latter with a stem and an output of 4. {trained}.

{table}"""


def _costs(costs: Mapping[str, Costs], own: str, step_seconds: float, versions: str) -> str:
    how = "Flash, RAM and instructions are counted with `--tflm-root` only."
    if any(cost.footprint for cost in costs.values()):
        how = f"""Each network is in an image with
nothing else, on QEMU's Cortex-M4F ({versions}), TensorFlow Lite Micro with the kernels of CMSIS-NN. Flash is what the
image has beyond one without a network: constants, kernels, interpreter, C library. RAM is the smallest arena that
works, or our buffers; stacks are not in it. Instructions are counted from the call to its return. The front end, the
same for all, is in none of it."""
    text = (
        f"## Bytes and instructions\nOf the first seed's models, in bytes. {how}\n\n{cost_table(costs, step_seconds)}"
    )
    even = "\n".join(f"- {line}" for line in break_even(costs, own, step_seconds))
    if even:
        text += f"""
Asked less often, a network costs less. With so long a rest from answer to answer it costs what our steps of
{1000 * step_seconds:.0f} ms at {own} do:

{even}
"""
    return text
