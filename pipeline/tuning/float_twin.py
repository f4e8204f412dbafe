"""The float twin on a stream: its Keras layers at every step, as the device's network runs from frame to frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from pipeline.frontend import native
from pipeline.listening.streams import Stream
from pipeline.recipe import Recipe
from pipeline.report.listening import FLOAT_BITS
from pipeline.training.convert import dynq_layers
from pipeline.tuning.replay import posteriors
from pipeline.tuning.spotters import Heard

PIECE_STEPS = 4096
"""Steps at once: a few megabytes, however long the stream."""


@dataclass(frozen=True)
class FloatTwin:
    """A trained float network of the recipe.

    Raises:
        QuantizationError: see ``dynq_layers``.
    """

    network: keras.Model
    recipe: Recipe

    @property
    def name(self) -> str:
        return self.recipe.name

    @property
    def bits(self) -> int:
        return FLOAT_BITS

    @property
    def refractory_ms(self) -> int:
        return self.recipe.detector.refractory_ms

    def hear(self, stream: Stream) -> Heard:
        frontend, labels = self.recipe.frontend, self.recipe.corpus.labels
        logits = self.logits(native(frontend).stream([stream.pcm]))
        rows = np.arange(1, len(logits) + 1) * self.recipe.model.stride
        ends = (rows - 1) * frontend.hop_samples * frontend.context_stride + frontend.window_samples
        scored = rows >= frontend.context_frames  # before it the network has not heard a whole clip
        keywords = [i for i, label in enumerate(labels) if not label.startswith("_")]
        names = tuple(labels[i] for i in keywords)
        own = np.ascontiguousarray(posteriors(logits[scored])[:, keywords])  # for C, as all that is heard
        return Heard(stream, names, own, ends[scored].astype(np.uint64))

    def logits(self, rows: NDArray[np.int8]) -> NDArray[np.float32]:
        """Of every step over rows of features, int8 ``[rows, bands]``, from reset on: float32 ``[steps, labels]``.

        The last step of one clip's rows gives the logits of the Keras model for that clip.
        """
        layers = dynq_layers(self.network)
        bands, stride = self.recipe.frontend.bands, self.recipe.model.stride
        seen = int(layers[0].input.shape[-1]) // bands
        padded = np.concatenate([np.zeros((seen, bands), np.int8), rows])
        steps = np.lib.stride_tricks.sliding_window_view(padded, seen, axis=0)[stride::stride]
        reach = sum(layer.reach for layer in layers)
        found = [np.zeros((0, len(self.recipe.corpus.labels)), np.float32)]
        for start in range(0, len(steps), PIECE_STEPS):
            first = max(start - reach, 0)  # what layers remember of steps before the piece comes of these
            signals: list[Any] = [steps[first : start + PIECE_STEPS].swapaxes(1, 2).reshape(1, -1, seen * bands)]
            for layer in layers:
                signals.append(layer.over_stream(signals))
            found.append(np.asarray(signals[-1])[0, start - first :])
        return np.concatenate(found)
