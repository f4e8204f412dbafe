"""What the baseline process reads: a .npz with data, the float twin's weights and the settings of training."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UsageError
from pipeline.files import replacing
from pipeline.quantization import InputQuantization


@dataclass(frozen=True)
class BaselineInputs:
    """Everything that the baselines are made from.

    Attributes:
        training: int8 ``[epochs, n, inputs]``, augmented clips, drawn anew for every epoch.
        training_labels: int64 ``[epochs, n]``.
        testing: int8 ``[m, inputs]``, the clips to answer.
        weights: float32 ``[K, N]`` of each layer of the float twin, which both baselines start from.
        biases: float32 ``[N]`` of each layer.
        input: how an int8 feature stands for a real number.
        batch_size: of quantization-aware training.
        learning_rate: its highest; it falls to zero along a cosine.
    """

    training: NDArray[np.int8]
    training_labels: NDArray[np.int64]
    testing: NDArray[np.int8]
    weights: tuple[NDArray[np.float32], ...]
    biases: tuple[NDArray[np.float32], ...]
    input: InputQuantization
    batch_size: int
    learning_rate: float
    seed: int

    def __post_init__(self) -> None:
        inputs = self.testing.shape[-1]
        widths = [inputs, *(len(bias) for bias in self.biases)]
        shapes = list(itertools.pairwise(widths))
        if [w.shape for w in self.weights] != shapes or self.training.shape[2:] != (inputs,):
            raise UsageError(
                f"baseline inputs do not fit: features {self.training.shape} and {self.testing.shape}, "
                f"weights {[w.shape for w in self.weights]}"
            )
        if self.training_labels.shape != self.training.shape[:2] or not self.training.size:
            raise UsageError(f"labels {self.training_labels.shape} for clips {self.training.shape}")

    def save(self, path: Path) -> None:
        """Writes the file that :meth:`load` reads."""
        layers = {
            f"{kind}_{i}": array
            for kind, arrays in (("weights", self.weights), ("bias", self.biases))
            for i, array in enumerate(arrays)
        }
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(
                file,
                training=self.training,
                training_labels=self.training_labels,
                testing=self.testing,
                scale=self.input.scale,
                zero_point=self.input.zero_point,
                batch_size=self.batch_size,
                learning_rate=self.learning_rate,
                seed=self.seed,
                layers=len(self.weights),
                **layers,  # type: ignore[arg-type]  # its stubs take every keyword for an option
            )

    @classmethod
    def load(cls, path: Path) -> BaselineInputs:
        with np.load(path) as data:

            def arrays(kind: str) -> Sequence[NDArray[np.float32]]:
                return [data[f"{kind}_{i}"] for i in range(int(data["layers"]))]

            return cls(
                data["training"],
                data["training_labels"],
                data["testing"],
                tuple(arrays("weights")),
                tuple(arrays("bias")),
                InputQuantization(float(data["scale"]), int(data["zero_point"])),
                int(data["batch_size"]),
                float(data["learning_rate"]),
                int(data["seed"]),
            )
