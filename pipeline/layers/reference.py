"""Runs a model in numpy: every other implementation is held to these bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.errors import QuantizationError
from pipeline.layers.base import Floats, Rows, Signal
from pipeline.layers.model import MODEL_INPUT, QuantizedModel

BATCH = 128
"""Clips that are run side by side: what they need at once stays in a cache."""


class Stream:
    """A model that is given one row after another, from reset on; or several streams at once, each its own."""

    def __init__(self, model: QuantizedModel, streams: tuple[int, ...] = ()) -> None:
        self._model = model
        self._window = np.zeros((*streams, model.rows, model.frontend.bands), np.int8)
        self._states = [layer.initial_state() for layer in model.layers]
        self._count = 0

    def push(self, rows: NDArray[np.int8]) -> list[Floats] | None:
        """Takes int8 ``[.., n, bands]``; where a step is due then, float32 ``[.., outputs]`` of every layer,
        the logits last."""
        self._window = np.concatenate([self._window, rows], axis=-2)[..., -self._model.rows :, :]
        self._count += rows.shape[-2]
        return self._step() if self._count % self._model.stride == 0 else None

    def _step(self) -> list[Floats]:
        signals: dict[int, Signal] = {
            MODEL_INPUT: Rows(self._window.reshape(*self._window.shape[:-2], -1), self._model.input)
        }
        outputs: list[Floats] = []
        for index, layer in enumerate(self._model.layers):
            sources = (signals[source] for source in self._model.sources(index))
            self._states[index], output = layer.step(self._states[index], *sources)
            signals[index] = output
            outputs.append(output)
        return outputs


def layer_outputs(model: QuantizedModel, clips: ArrayLike) -> list[Floats]:
    """Runs int8 clips ``[.., inputs]`` from reset: float32 outputs ``[.., outputs]`` of every layer at their last step,
    the logits last.

    Raises:
        QuantizationError: the clips have another type or length.
    """
    features = np.asarray(clips)
    if features.dtype != np.int8 or features.ndim == 0 or features.shape[-1] != model.inputs:
        raise QuantizationError(
            f"features are {features.dtype} {features.shape}, the model takes int8 [{model.inputs}]"
        )
    streams = features.shape[:-1]
    rows = features.reshape(*streams, -1, model.frontend.bands)
    stream = Stream(model, streams)
    # where no layer keeps anything, only the last step counts
    count = rows.shape[-2]
    step = model.stride if model.state_bytes else count
    outputs = [stream.push(rows[..., start : start + step, :]) for start in range(0, count, step)][-1]
    assert outputs is not None  # a clip ends with a step
    return outputs


def differing(answers: Floats, reference: Floats) -> int:
    """How many of an implementation's float32 values are not the reference's, of the same shape, bit for bit."""
    return int((answers.view(np.uint32) != reference.view(np.uint32)).sum())


def logits(model: QuantizedModel, clips: ArrayLike) -> Floats:
    """Logits of a batch, int8 clips ``[B, inputs]`` to float32 ``[B, labels]``, or of one clip ``[inputs]``."""
    batch = np.asarray(clips)
    if batch.ndim == 1:
        return layer_outputs(model, batch)[-1]
    parts = [layer_outputs(model, batch[start : start + BATCH])[-1] for start in range(0, len(batch), BATCH)]
    return np.concatenate([np.zeros((0, len(model.labels)), np.float32), *parts])
