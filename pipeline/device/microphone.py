"""Detections of a device that listens by its own microphone."""

from __future__ import annotations

import time
from dataclasses import astuple

from pipeline.device.client import Client
from pipeline.errors import DeviceError
from pipeline.protocol.answers import Damaged, read_answer
from pipeline.protocol.declared import DETECTIONS_KEPT, GAIN_NONE, AudioLost, Detection, Heard, ListenState
from pipeline.protocol.registry import registry


class OwnMicrophone:
    """A device that listens from now on, until :meth:`stop`.

    What it says by itself tells when something was heard; numbers tell what of that was lost on the way, and then it is
    asked for.

    Args:
        decibels: gain, -20 to 20.

    Attributes:
        state: as the device last told it.

    Raises:
        Refused: the board has no microphone.
    """

    def __init__(self, client: Client, decibels: float = 0.0) -> None:
        self._client = client
        self._heard = 0
        self.state = client.command("LISTEN_START", GAIN_NONE + round(2 * decibels)).one(ListenState)

    def wait(self, seconds: float) -> tuple[list[Detection], list[AudioLost]]:
        """What was heard since the last call, and which audio was not; waits that long for the first of it.

        Raises:
            DeviceError: the device listens no more, or the link failed for good.
        """
        detections, lost = self._spoken(time.monotonic() + seconds)
        # a board that cannot keep up tells its losses without a pause, and must be asked all the same
        if not detections:
            self._ask("LISTEN")
            if not self.state.on:
                raise DeviceError("the device stopped to listen by itself", "did it restart? see fault%")
            missed, more = self._spoken(0.0)  # said before it answered
            detections, lost = missed + self._rest(), lost + more
        return detections, lost

    def stop(self) -> tuple[list[Detection], list[AudioLost]]:
        """Ends listening; the rest of what was heard."""
        self._ask("LISTEN_STOP")
        detections, lost = self._spoken(0.0)
        return detections + self._rest(), lost

    def _rest(self) -> list[Detection]:
        return self._fetch() if self.state.detections > self._heard else []

    def _ask(self, command: str) -> None:
        self.state = self._client.command(command).one(ListenState)

    def _spoken(self, deadline: float) -> tuple[list[Detection], list[AudioLost]]:
        """What the device says up to ``deadline``, without waiting behind the first."""
        detections: list[Detection] = []
        lost: list[AudioLost] = []
        while (line := self._client.link.spoken(0.0 if detections or lost else deadline)) is not None:
            try:
                answer = read_answer(["|".join(registry().spoken)], [line])
            except Damaged:
                continue
            lost += answer.all(AudioLost)
            for heard in answer.all(Heard):
                if heard.number > self._heard:
                    detections += self._fetch()
                if heard.number == self._heard:
                    detections.append(Detection(*astuple(heard)))
                    self._heard += 1
        return detections, lost

    def _fetch(self) -> list[Detection]:
        """Detections that it made, but that were not received."""
        found = [one for one in self._client.command("STREAM").all(Detection) if one.number >= self._heard]
        if [one.number for one in found] != list(range(self._heard, self._heard + len(found))):
            raise DeviceError(f"more than {DETECTIONS_KEPT} detections were lost on the way", "check cable and ground")
        self._heard += len(found)
        return found
