"""What stages hand to each other about models."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.export import read_tflite
from pipeline.files import sha256_file
from pipeline.layers import QuantizedModel
from pipeline.stages import StageResult


@dataclass(frozen=True)
class ModelFile:
    """A ``.tflite``, read once.

    Attributes:
        digest: SHA-256 of the file, hex.
    """

    path: Path
    model: QuantizedModel
    digest: str

    @classmethod
    def read(cls, path: Path) -> ModelFile:
        """Reads a file.

        Raises:
            ModelFileError: see ``read_tflite``.
        """
        return cls(path, read_tflite(path), sha256_file(path))


@dataclass(frozen=True)
class ModelResult:
    """A model and its answers.

    Attributes:
        file: None for the float twin.
        bits: what ``--weight-bits`` was, by which a run tells its models apart: layers may have others. Of a model that
            comes as a file, most of its weights'; ``FLOAT_BITS`` of the float twin.
        twin: the stage that trained it, where this is the float twin.
        training: how the weights came about: "float", "QAT" or "from file".
        logits: for the test clips, float32 ``[n, labels]``: of Keras for the float twin, of the numpy reference for
            quantized models.
        validation: the same for the clips that thresholds are chosen on.
    """

    file: ModelFile | None
    bits: int
    training: str
    logits: NDArray[np.float32]
    validation: NDArray[np.float32]
    twin: StageResult | None = None

    @property
    def name(self) -> str:
        return "float32" if self.file is None else f"{self.bits}-bit"
