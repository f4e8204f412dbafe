"""Runs a model in numpy: every other implementation is held to these bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.errors import QuantizationError
from pipeline.layers.base import Floats, Rows, Signal
from pipeline.layers.model import MODEL_INPUT, QuantizedModel


class Stream:
    """A model that is given one row after another, from reset on."""

    def __init__(self, model: QuantizedModel) -> None:
        self._model = model
        self._window = np.zeros((model.rows, model.frontend.bands), np.int8)
        self._states = [layer.initial_state() for layer in model.layers]
        self._count = 0

    def push(self, rows: NDArray[np.int8]) -> list[Floats] | None:
        """Takes int8 ``[n, bands]``; where a step is due then, the float32 outputs of every layer, the logits last."""
        self._window = np.concatenate([self._window, rows])[-self._model.rows :]
        self._count += len(rows)
        return self._step() if self._count % self._model.stride == 0 else None

    def _step(self) -> list[Floats]:
        signals: dict[int, Signal] = {MODEL_INPUT: Rows(self._window.reshape(-1), self._model.input)}
        outputs: list[Floats] = []
        for index, layer in enumerate(self._model.layers):
            sources = (signals[source] for source in self._model.sources(index))
            self._states[index], output = layer.step(self._states[index], *sources)
            signals[index] = output
            outputs.append(output)
        return outputs


def layer_outputs(model: QuantizedModel, clip: ArrayLike) -> list[Floats]:
    """Runs one int8 clip ``[inputs]`` from reset: the float32 output of every layer at its last step, the logits last.

    Raises:
        QuantizationError: the clip has another type or length.
    """
    features, inputs = np.asarray(clip), model.inputs
    if features.dtype != np.int8 or features.shape != (inputs,):
        raise QuantizationError(
            f"features are {features.dtype} {features.shape}, the model takes int8 [{model.inputs}]"
        )
    rows = features.reshape(-1, model.frontend.bands)
    stream = Stream(model)
    # where no layer keeps anything, only the last step counts
    step = model.stride if model.state_bytes else len(rows)
    outputs = [stream.push(rows[start : start + step]) for start in range(0, len(rows), step)][-1]
    assert outputs is not None  # a clip ends with a step
    return outputs


def logits(model: QuantizedModel, clips: ArrayLike) -> Floats:
    """Logits of a batch, int8 clips ``[B, inputs]`` to float32 ``[B, labels]``, or of one clip ``[inputs]``."""
    batch = np.asarray(clips)
    if batch.ndim == 1:
        return layer_outputs(model, batch)[-1]
    if not len(batch):
        return np.zeros((0, len(model.labels)), np.float32)
    return np.stack([layer_outputs(model, clip)[-1] for clip in batch])
