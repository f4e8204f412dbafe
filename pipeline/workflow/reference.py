"""Reference stage: what the numpy reference answers to the test clips; every other answer is held to these bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.layers import QuantizedModel, logits
from pipeline.layers.reference import BATCH
from pipeline.stages import Stages


def reference_logits(
    model: QuantizedModel, digest: str, features: NDArray[np.int8], key: str, stages: Stages
) -> NDArray[np.float32]:
    """Logits of int8 ``[n, inputs]``, float32 ``[n, labels]``.

    Args:
        digest: of the model's file.
        key: digest of the features.
    """

    def make(folder: Path) -> None:
        parts = []
        with stages.progress.task("numpy reference", len(features)) as task:
            for start in range(0, len(features), BATCH):
                parts.append(logits(model, features[start : start + BATCH]))
                task.advance(len(parts[-1]))
        np.save(folder / "logits.npy", np.concatenate(parts))

    stage = stages.run("reference", {"model": digest, "features": key}, make)
    return np.asarray(np.load(stage.folder / "logits.npy"), np.float32)
