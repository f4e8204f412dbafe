"""What a device did with a set of inputs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.device.cost import ListeningCost
from pipeline.files import write_text
from pipeline.layers import differing
from pipeline.protocol.declared import BuildInfo, MemoryUse

_ANSWERS, _FACTS = "answers.npz", "device.json"


@dataclass(frozen=True)
class LayerTime:
    """One layer at one step; ``time`` in the result's unit."""

    name: str
    time: float


@dataclass(frozen=True)
class DeviceResult:
    """Answers of a device, and what they took.

    Attributes:
        unit: of every ``time``: "instructions", "cycles" or "microseconds".
        logits: float32 ``[B, labels]``, the device's bits.
        times: float64 ``[B]``, of each inference.
        layers: of the last input's last step.
        retries: commands that had to be sent again.
        resumed: results that an earlier, interrupted run had already collected.
        seconds: wall-clock time of the test.
        listening: what a live stream costs; None where none was asked for.
    """

    build: BuildInfo
    unit: str
    logits: NDArray[np.float32]
    times: NDArray[np.float64]
    layers: tuple[LayerTime, ...]
    memory: MemoryUse
    retries: int
    resumed: int
    seconds: float
    listening: ListeningCost | None = None

    @property
    def time_per_inference(self) -> float:
        """Median over the inputs."""
        return float(np.median(self.times))

    def differing_logits(self, reference: NDArray[np.float32]) -> int:
        """How many logits are not those of ``reference``, float32 ``[B, labels]``, bit for bit."""
        return differing(self.logits, reference)

    def save(self, folder: Path) -> None:
        np.savez(folder / _ANSWERS, logits=self.logits, times=self.times)
        facts = asdict(self)
        del facts["logits"], facts["times"]
        write_text(folder / _FACTS, json.dumps(facts, indent=1))

    @classmethod
    def load(cls, folder: Path) -> DeviceResult:
        """Reads what ``save`` wrote."""
        facts = json.loads((folder / _FACTS).read_text("utf-8"))
        facts["build"], facts["memory"] = BuildInfo(**facts["build"]), MemoryUse(**facts["memory"])
        facts["layers"] = tuple(LayerTime(**layer) for layer in facts["layers"])
        facts["listening"] = ListeningCost(**facts["listening"]) if facts["listening"] else None
        with np.load(folder / _ANSWERS) as answers:
            return cls(logits=answers["logits"], times=answers["times"], **facts)
