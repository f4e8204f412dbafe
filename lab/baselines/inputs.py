"""What the baseline process reads: a .npz with data, the float network and the settings of training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lab.baselines.network import FloatNetwork
from pipeline.errors import UsageError
from pipeline.files import replacing
from pipeline.quantization import InputQuantization


@dataclass(frozen=True)
class BaselineInputs:
    """Everything that the baselines are made from.

    Attributes:
        training: int8 ``[draws, n, inputs]``, augmented clips, drawn anew for every epoch; at least once, for the
            ranges.
        training_labels: int64 ``[draws, n]``.
        testing: int8 ``[m, inputs]``, the clips to answer.
        network: that all baselines start from.
        input: how an int8 feature stands for a real number.
        adjustment: float32 ``[labels]``, added to the logits before the loss (docs/training.md).
        label_smoothing: of the targets.
        epochs: of quantization-aware training; 0: none is wanted.
        batch_size: of quantization-aware training.
        learning_rate: its highest; it falls to zero along a cosine.
    """

    training: NDArray[np.int8]
    training_labels: NDArray[np.int64]
    testing: NDArray[np.int8]
    network: FloatNetwork
    input: InputQuantization
    adjustment: NDArray[np.float32]
    label_smoothing: float
    epochs: int
    batch_size: int
    learning_rate: float
    seed: int

    def __post_init__(self) -> None:
        inputs, network = self.testing.shape[-1], self.network
        if self.training.shape[2:] != (inputs,) or inputs < network.steps * network.stride * network.bands:
            raise UsageError(f"baseline inputs do not fit: features {self.training.shape} and {self.testing.shape}")
        if self.training_labels.shape != self.training.shape[:2] or not self.training.size:
            raise UsageError(f"labels {self.training_labels.shape} for clips {self.training.shape}")

    def real(self, codes: NDArray[np.int8]) -> NDArray[np.float32]:
        """The numbers that codes stand for."""
        return np.float32(self.input.scale) * (codes.astype(np.float32) - np.float32(self.input.zero_point))

    def save(self, path: Path) -> None:
        """Writes the file that :meth:`load` reads."""
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(
                file,
                training=self.training,
                training_labels=self.training_labels,
                testing=self.testing,
                scale=self.input.scale,
                zero_point=self.input.zero_point,
                adjustment=self.adjustment,
                label_smoothing=self.label_smoothing,
                epochs=self.epochs,
                batch_size=self.batch_size,
                learning_rate=self.learning_rate,
                seed=self.seed,
                **dict(self.network.arrays()),
            )

    @classmethod
    def load(cls, path: Path) -> BaselineInputs:
        with np.load(path) as data:
            return cls(
                data["training"],
                data["training_labels"],
                data["testing"],
                FloatNetwork.from_arrays(data),
                InputQuantization(float(data["scale"]), int(data["zero_point"])),
                data["adjustment"],
                float(data["label_smoothing"]),
                int(data["epochs"]),
                int(data["batch_size"]),
                float(data["learning_rate"]),
                int(data["seed"]),
            )
