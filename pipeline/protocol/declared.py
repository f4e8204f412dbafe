"""What the protocol's registry declares: limits, and a record for every line with fields.

Generated from pipeline/protocol/registry.toml by ``python -m tools.protocol_files``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BAUD = 115200
"""Of the serial port, 8N1."""
TEXT_MAX = 80
"""Characters of a text command before its %."""
FRAME_OVERHEAD = 5
"""Bytes of a frame beside its data: kind and CRC-32."""
HEX_BYTES = 31
"""Bytes that the runner sends with one `db`."""
PRINT_BYTES = 8
"""Bytes a line of `db print`."""
WARMUP = 10
"""Inferences before the timed ones of `infer`, when no number is given."""
DUMP_VALUES = 8
"""Values a line of `dump`."""
PCM_SAMPLES = 480
"""Most samples of audio in one frame: 30 ms."""
GAIN_NONE = 40
"""Gain of the microphone in half decibels that changes nothing; 0 is -20 dB, 80 +20 dB."""
DETECTIONS_KEPT = 8
"""Newest detections that a device keeps."""


@dataclass(frozen=True)
class Lap:
    """Time since the device started."""

    microseconds: int


@dataclass(frozen=True)
class DeviceName:
    """Who answers."""

    name: str


@dataclass(frozen=True)
class Usage:
    """A command and its arguments."""

    usage: str


@dataclass(frozen=True)
class Expecting:
    """Bytes of the download that may follow."""

    length: int


@dataclass(frozen=True)
class Buffer:
    """A piece of the input."""

    data: bytes


@dataclass(frozen=True)
class WarmupStart:
    """Inferences that follow, not timed."""

    count: int


@dataclass(frozen=True)
class InferStart:
    """Timed inferences that follow."""

    count: int


@dataclass(frozen=True)
class Results:
    """Softmax of the logits, one a label."""

    probabilities: tuple[float, ...]


@dataclass(frozen=True)
class InputCheck:
    """CRC-32 and bytes of the input."""

    crc: int
    length: int


@dataclass(frozen=True)
class BuildInfo:
    """What a device is; reset: why it last started."""

    version: str
    build: str
    model: str
    hash: str
    engine: str
    kernels: str
    board: str
    tick_hz: int
    inputs: int
    labels: int
    layers: int
    reset: str


@dataclass(frozen=True)
class Inference:
    """Logits, one a label, and ticks; CRC-32 of the input and of the build hash they belong to."""

    input_crc: int
    build_crc: int
    ticks: int
    logits: NDArray[np.float32]


@dataclass(frozen=True)
class LayerTicks:
    """A layer of the last inference."""

    index: int
    name: str
    outputs: int
    ticks: int


@dataclass(frozen=True)
class InferenceTicks:
    """The last inference as a whole."""

    layers: int
    ticks: int
    input_crc: int


@dataclass(frozen=True)
class MemoryUse:
    """RAM in bytes; the stack is 0 where the system owns it."""

    buffers: int
    arena: int
    stack: int
    stack_used: int


@dataclass(frozen=True)
class LayerValues:
    """Outputs of a layer from an offset on."""

    layer: int
    offset: int
    values: NDArray[np.float32]


@dataclass(frozen=True)
class LayerCheck:
    """What a layer's outputs must be, and the input that they belong to."""

    layer: int
    count: int
    input_crc: int
    values_crc: int


@dataclass(frozen=True)
class StreamState:
    """Samples taken since the start, inferences made of them, detections among those."""

    samples: int
    inferences: int
    detections: int


@dataclass(frozen=True)
class StreamCost:
    """Since the start: samples, rows and steps, and the ticks of front end, network and detector."""

    samples: int
    rows: int
    steps: int
    frontend: int
    network: int
    detector: int


@dataclass(frozen=True)
class Detection:
    """A keyword: its number, smoothed posterior and the sample that made it, since the start."""

    number: int
    label: str
    score: float
    sample: int


@dataclass(frozen=True)
class ListenState:
    """Samples since the start, lost ones included; how many of the newest are alike; ticks, and those with work."""

    on: int
    samples: int
    lost: int
    flat: int
    inferences: int
    detections: int
    active: int
    elapsed: int


@dataclass(frozen=True)
class Heard:
    """A keyword by the board's microphone, said when it is heard; otherwise as a detection."""

    number: int
    label: str
    score: float
    sample: int


@dataclass(frozen=True)
class AudioLost:
    """So many samples before this one came while the board was busy, and were not heard."""

    sample: int
    count: int


@dataclass(frozen=True)
class FaultRecord:
    """The last hard fault since power-up: how many there were, and the core's registers."""

    count: int
    pc: int
    lr: int
    psr: int
    sp: int
    cfsr: int
    hfsr: int
    address: int
