"""A board that hears by its own microphone: a real one what there is to hear, an emulated one a recording."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.corpus.data import SAMPLE_RATE
from pipeline.device.microphone import OwnMicrophone
from pipeline.device.session import Device
from pipeline.errors import DeviceError
from pipeline.listening.heard import Event
from pipeline.listening.sources import Source
from pipeline.protocol.declared import AudioLost, ListenState

_PATIENCE_SECONDS = 0.3
_DEAD_SAMPLES = SAMPLE_RATE // 2


@dataclass(frozen=True)
class News:
    """What a board told since the last news.

    Attributes:
        sample: up to which it has heard.
        lost: audio that it did not hear, because it was busy.
    """

    sample: int
    events: tuple[Event, ...]
    lost: tuple[AudioLost, ...]


def record(source: Source, path: Path) -> int:
    """Writes a source as an emulated microphone reads it; its length in samples.

    Raises:
        AudioError: it is damaged.
    """
    count = 0
    with path.open("wb") as file:
        for pcm in source.blocks():
            file.write(pcm.astype("<i2").tobytes())
            count += len(pcm)
    return count


def news(microphone: OwnMicrophone, samples: int | None) -> Iterator[News]:
    """What a board tells until it has heard so many samples; for ever where that is None.

    Raises:
        DeviceError: nothing but one value comes from a real microphone, or the link failed for good.
    """
    heard = 0
    while samples is None or microphone.state.samples < samples:
        detections, lost = microphone.wait(_PATIENCE_SECONDS)
        if samples is None and microphone.state.flat == microphone.state.samples > _DEAD_SAMPLES:
            raise DeviceError(
                "the board's microphone gives one value and no sound",
                "the Nano 33 BLE Sense has a microphone, the Nano 33 BLE has none",
            )
        events = tuple(
            Event(one.label, one.score, one.sample) for one in detections if samples is None or one.sample <= samples
        )
        heard = max([heard, microphone.state.samples, *(event.sample for event in events)])
        yield News(heard if samples is None else min(heard, samples), events, tuple(lost))


def summary(device: Device, state: ListenState) -> str:
    """What listening took, in a line."""
    image = device.image
    share = 100 * state.active / max(state.elapsed, 1)
    counted = ", an instruction counted as a cycle" if device.unit.name == "instructions" else ""
    return (
        f"{state.samples / SAMPLE_RATE:.1f} s, {state.lost:,} samples lost; {share:.2f} % of the core's time{counted}; "
        f"{image.flash_bytes / 1024:.1f} KiB of flash, {(image.ram_bytes + image.stack_bytes) / 1024:.1f} KiB of RAM"
    )
