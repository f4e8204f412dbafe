"""Where layers put their outputs: memory is used again as soon as nobody reads what was there."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.layers import QuantizedModel

ALIGNMENT = 4
"""Outputs start at multiples of so many floats, 16 bytes, as the vector kernels like them."""


def last_readers(model: QuantizedModel) -> list[int]:
    """The last layer that reads each layer's output; after the last layer for the logits."""
    last = list(range(len(model.layers)))
    for index in range(len(model.layers)):
        for source in model.sources(index):
            if source >= 0:
                last[source] = index
    last[-1] = len(model.layers)
    return last


def allocate(sizes: Sequence[int], last_use: Sequence[int]) -> tuple[list[int], int]:
    """Places vectors that come one after another in one array, each as low as it fits.

    Args:
        sizes: floats of each vector; the i-th is written at time i.
        last_use: time of the last reader of each; its memory is free from the time after.

    Returns:
        Where each vector starts, in floats, and the size of the array.
    """
    starts: list[int] = []
    for now, size in enumerate(sizes):
        # what is read now must outlive the writing of this output
        live = sorted((starts[i], sizes[i]) for i in range(now) if last_use[i] >= now)
        start = 0
        for taken, length in live:
            if start + size <= taken:
                break
            start = max(start, -(-(taken + length) // ALIGNMENT) * ALIGNMENT)
        starts.append(start)
    return starts, max(start + size for start, size in zip(starts, sizes, strict=True))
