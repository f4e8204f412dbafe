"""Something that listens: this computer, or a device that hears the same audio over its serial link."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.device.audio import AudioStream
from pipeline.device.client import Client
from pipeline.listening.heard import Event, Step


class Listener(Protocol):
    """Takes audio in pieces of any size."""

    def push(self, pcm: NDArray[np.int16]) -> tuple[list[Step], list[Event]]:
        """Takes int16 ``[n]``; returns the steps that they complete, and the events among these."""


class DeviceListener:
    """A device. It tells events, not the scores between them.

    Raises:
        DeviceError: the link failed for good.
    """

    def __init__(self, client: Client) -> None:
        self._stream = AudioStream(client)

    def push(self, pcm: NDArray[np.int16]) -> tuple[list[Step], list[Event]]:
        found = self._stream.push(pcm)
        return [], [Event(event.label, event.score, event.sample) for event in found]
