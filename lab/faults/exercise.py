"""What a run does besides the test: the runner's way to load, a layer's outputs, audio, and frames that fit nowhere."""

from __future__ import annotations

import random
from contextlib import suppress

from lab.faults.by_hand import load_hex
from lab.faults.subject import Firmware
from pipeline.device.audio import AudioStream
from pipeline.device.client import Client, Refused
from pipeline.device.link import LinkClosed, NoAnswer
from pipeline.errors import ParityError
from pipeline.layers import layer_outputs
from pipeline.protocol.declared import PCM_SAMPLES
from pipeline.protocol.frames import encode_frame
from pipeline.protocol.registry import registry

_ATTEMPTS = 5
_SCORE_DIGITS = 6e-4
"""Scores are sent with three."""


def exercise(client: Client, firmware: Firmware, seed: int) -> None:
    """Uses what ``run_test`` does not, and compares it.

    Raises:
        ParityError: other bits than the reference, or other detections than the listener's on this computer.
        DeviceError: the link failed for good.
    """
    draw = random.Random(seed)
    row = firmware.features[seed % len(firmware.features)]
    expected = layer_outputs(firmware.model, row)
    for attempt in range(_ATTEMPTS):  # a device that resets has forgotten its input, and what it heard
        try:
            _hear(client, firmware, draw)
            _overflow(client, draw)
            load_hex(client, row)
            pairs = ((client.logits(row).logits, expected[-1]), (client.dump(0, row), expected[0]))
            break
        except Refused:
            if attempt == _ATTEMPTS - 1:
                raise
    if any(got.tobytes() != want.tobytes() for got, want in pairs):
        raise ParityError("other bits than the reference")


def _hear(client: Client, firmware: Firmware, draw: random.Random) -> None:
    """Sends the audio in pieces of any size."""
    stream, at = AudioStream(client), 0
    while at < len(firmware.audio):
        count = draw.randint(1, PCM_SAMPLES // 2)
        stream.push(firmware.audio[at : at + count])
        at += count
    same = len(stream.detections) == len(firmware.heard) and all(
        (found.label, found.sample) == (event.label, event.sample) and abs(found.score - event.score) < _SCORE_DIGITS
        for found, event in zip(stream.detections, firmware.heard, strict=True)
    )
    if not same:
        raise ParityError(f"heard {stream.detections}, not {firmware.heard}")


def _overflow(client: Client, draw: random.Random) -> None:
    """Sends a frame larger than the device's buffer. It may answer what it likes, and must be none the worse for it."""
    kind = registry().frame(draw.choice(("RUN", "LOAD", "PCM"))).kind
    frame = encode_frame(kind, draw.randbytes(2 * PCM_SAMPLES + draw.randint(5, 3000)))
    try:
        client.link.exchange(frame, client.link.timing.answer)
    except NoAnswer:
        with suppress(NoAnswer):  # the command that follows finds out whether the device is silent for good
            client.link.resynchronise()
    except LinkClosed:
        client.link.reopen()
