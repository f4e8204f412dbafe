"""What continuous listening costs a device: front end, network and detector, each by its own count."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.device.audio import AudioStream
from pipeline.device.client import Client
from pipeline.device.session import Device
from pipeline.errors import DeviceError
from pipeline.layers import QuantizedModel
from pipeline.protocol.declared import StreamCost

MEASURED_SECONDS = 3.0


@dataclass(frozen=True)
class ListeningCost:
    """What a stretch of audio took, once the detector was full; times in the device's unit.

    Attributes:
        seconds: length of the audio.
        rows: of features, that the front end made of it.
        steps: of the network, softmax and detector.
        frontend, network, detector: time in each, over the whole stretch.
    """

    seconds: float
    rows: int
    steps: int
    frontend: float
    network: float
    detector: float


def measure_listening(device: Device, model: QuantizedModel) -> ListeningCost:
    """Streams a few seconds of made-up audio, the same to every device.

    Raises:
        DeviceError: the device lost audio, or the link failed for good.
    """
    settings = model.frontend
    step = settings.hop_samples * settings.context_stride * model.stride
    # the counts begin and end where a step does, so that both hold whole steps, and as many rows to each
    warm_up = settings.context_samples // step + model.detector.smoothing_frames + 1
    steps = math.ceil(MEASURED_SECONDS * settings.sample_rate / step)
    pcm = listening_audio((warm_up + steps) * step)
    stream = AudioStream(device.client)
    stream.push(pcm[: warm_up * step])
    before = _read(device.client, stream)
    stream.push(pcm[warm_up * step :])
    after = _read(device.client, stream)
    unit = device.unit.of
    return ListeningCost(
        (after.samples - before.samples) / settings.sample_rate,
        after.rows - before.rows,
        after.steps - before.steps,
        unit(after.frontend - before.frontend),
        unit(after.network - before.network),
        unit(after.detector - before.detector),
    )


def listening_audio(count: int) -> NDArray[np.int16]:
    """Noise whose loudness changes twenty times a second (at 16 kHz), from silence to full scale; int16 ``[count]``."""
    rng = np.random.default_rng(0)
    gain = np.repeat(10 ** rng.uniform(0, 4, count // 800 + 1), 800)[:count]
    return np.clip(gain * rng.normal(size=count), -32768, 32767).astype(np.int16)


def _read(client: Client, stream: AudioStream) -> StreamCost:
    cost = client.command("STREAM_COST").one(StreamCost)
    if cost.samples != stream.state.samples:
        raise DeviceError(
            f"the device counts {cost.samples} samples, {stream.state.samples} were sent", "start the test again"
        )
    return cost
