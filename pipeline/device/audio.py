"""Audio into a device and detections out, as its microphone would hear it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.device.client import Client
from pipeline.errors import DeviceError

FRAME_SAMPLES = 480
_KEPT = 8


@dataclass(frozen=True)
class Detection:
    """A keyword: its label, smoothed posterior (three decimals), and the sample that made it (from the start)."""

    label: str
    score: float
    sample: int


@dataclass(frozen=True)
class StreamState:
    """Samples taken since the start, inferences made of them, detections among those."""

    samples: int
    inferences: int
    detections: int


class AudioStream:
    """One stream of int16 audio at the model's sample rate. Opening it makes the device forget earlier audio."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.state = client.command("stream start", "STREAM_START", lambda lines: _state(lines[-1]))
        self.detections: list[Detection] = []

    def push(self, pcm: NDArray[np.int16]) -> list[Detection]:
        """Sends int16 ``[T]`` of any length; returns what was detected in it.

        Raises:
            DeviceError: the device restarted meanwhile, or the link failed for good.
        """
        before = len(self.detections)
        for start in range(0, len(pcm), FRAME_SAMPLES):
            piece = pcm[start : start + FRAME_SAMPLES].astype("<i2")
            position = self.state.samples & 0xFFFFFFFF
            data = position.to_bytes(4, "little") + piece.tobytes()
            expected = self.state.samples + len(piece)
            self.state = self._client.frame("PCM", data, lambda lines: _state(lines[-1]))
            if self.state.samples != expected:
                raise DeviceError(
                    f"the device counts {self.state.samples} samples, {expected} were sent", "start again"
                )
            if self.state.detections > len(self.detections):
                self._fetch()
        return self.detections[before:]

    def _fetch(self) -> None:
        listed = self._client.command("stream", "STREAM", lambda lines: [_fields(line) for line in lines[:-1]])
        for number, label, score, sample in listed:
            if int(number) == len(self.detections):
                self.detections.append(Detection(label, float(score), int(sample)))
        if len(self.detections) != self.state.detections:
            raise DeviceError(f"more than {_KEPT} detections at once", "send shorter pieces")

    def features_to_input(self) -> None:
        """Makes the features of the newest audio the device's input."""
        self._client.command("audio", "AUDIO", lambda lines: _state(lines[-1]))


def _fields(line: str) -> list[str]:
    return line[line.index("[") + 1 : -1].split(",")


def _state(line: str) -> StreamState:
    return StreamState(*map(int, _fields(line)))
