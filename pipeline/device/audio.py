"""Audio into a device and detections out, as its microphone would hear it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.device.client import Client, Prove
from pipeline.errors import DeviceError
from pipeline.protocol.answers import Answer, Damaged
from pipeline.protocol.declared import DETECTIONS_KEPT, PCM_SAMPLES, Detection, StreamState


def _counts(samples: int) -> Prove:
    """The answer is of a stream of that length: not a late one, to a question that was asked again meanwhile."""

    def prove(answer: Answer) -> None:
        found = answer.one(StreamState).samples
        if found != samples:
            raise Damaged(f"the device counts {found} samples, {samples} were sent")

    return prove


class AudioStream:
    """One stream of int16 audio at the model's sample rate. Opening it makes the device forget earlier audio."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.state = client.command("STREAM_START").one(StreamState)
        self.detections: list[Detection] = []

    def push(self, pcm: NDArray[np.int16]) -> list[Detection]:
        """Sends int16 ``[T]`` of any length; returns what was detected in it.

        Raises:
            DeviceError: the device restarted meanwhile, or the link failed for good.
        """
        before = len(self.detections)
        for start in range(0, len(pcm), PCM_SAMPLES):
            piece = pcm[start : start + PCM_SAMPLES].astype("<i2")
            position = self.state.samples & 0xFFFFFFFF
            data = position.to_bytes(4, "little") + piece.tobytes()
            self.state = self._client.frame("PCM", data, prove=_counts(self.state.samples + len(piece))).one(
                StreamState
            )
            if self.state.detections > len(self.detections):
                self._fetch()
        return self.detections[before:]

    def _fetch(self) -> None:
        def prove(answer: Answer) -> None:
            newest = [detection.number for detection in answer.all(Detection)][-1:]
            if answer.one(StreamState) != self.state or newest != [self.state.detections - 1]:
                raise Damaged("detections of another moment")

        listed = self._client.command("STREAM", prove=prove).all(Detection)
        self.detections += [detection for detection in listed if detection.number >= len(self.detections)]
        if len(self.detections) != self.state.detections:
            raise DeviceError(f"more than {DETECTIONS_KEPT} detections at once", "send shorter pieces")
