"""The posteriors of a stream, heard once, and the device's detector over them as often as one likes."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline._native import NativeLibrary, compile_library, declarations
from pipeline.corpus.data import SAMPLE_RATE
from pipeline.layers import QuantizedModel
from pipeline.listening.heard import Event
from pipeline.listening.host import HostListener
from pipeline.listening.streams import Stream
from pipeline.project import PROJECT

COMPILES = ("firmware/lib/listener",)

_HERE = Path(__file__).parent
_LISTENER = PROJECT / COMPILES[0]


@dataclass(frozen=True)
class Heard:
    """A stream and what the network made of it, before any smoothing.

    Attributes:
        posteriors: float32 ``[steps, keywords]``, each against its strongest rival.
        samples: uint64 ``[steps]``, end of the audio that each step had heard.
    """

    stream: Stream
    keywords: tuple[str, ...]
    posteriors: NDArray[np.float32]
    samples: NDArray[np.uint64]


def hear(model: QuantizedModel, stream: Stream) -> Heard:
    """Lets the C of the device listen to a stream.

    Raises:
        ToolchainError: no C compiler.
    """
    single = replace(model, detector=model.detector.model_copy(update={"smoothing_frames": 1}))
    steps, _ = HostListener(single).push(stream.pcm)  # a mean over one step is the posterior itself
    posteriors = np.array([step.scores for step in steps], np.float32).reshape(len(steps), len(model.keywords))
    return Heard(stream, model.keywords, posteriors, np.array([step.sample for step in steps], np.uint64))


@dataclass(frozen=True)
class Setting:
    """A detector's free choices: a threshold for every keyword, steps in the sliding mean, deaf time."""

    thresholds: tuple[float, ...]
    smoothing: int
    refractory_ms: int


def replay(heard: Heard, setting: Setting) -> list[Event]:
    """The events that the device would give with that setting."""
    return _run(heard, setting, None)


def smoothed(heard: Heard, smoothing: int) -> NDArray[np.float32]:
    """Sliding means as the detector forms them, float32 ``[steps, keywords]``; 0 before its window is full."""
    scores = np.empty_like(heard.posteriors)
    _run(heard, Setting((2.0,) * len(heard.keywords), smoothing, 0), scores)
    return scores


def _run(heard: Heard, setting: Setting, scores: NDArray[np.float32] | None) -> list[Event]:
    ffi, lib = _native().ffi, _native().lib
    thresholds: Sequence[float] = setting.thresholds
    labels = len(heard.keywords)
    own = ffi.new("float[]", list(thresholds))
    config = ffi.new(
        "detector_config_t *", (own, labels, setting.smoothing, setting.refractory_ms * SAMPLE_RATE // 1000)
    )
    steps = len(heard.samples)
    events = ffi.new("detection_t[]", steps + 1)
    count = lib.replay(
        config,
        ffi.new("float[]", labels * (setting.smoothing + 1)),
        ffi.from_buffer("float[]", heard.posteriors),
        ffi.from_buffer("uint64_t[]", heard.samples),
        steps,
        events,
        ffi.NULL if scores is None else ffi.from_buffer("float[]", scores),
    )
    return [Event(heard.keywords[events[i].label], events[i].score, events[i].sample) for i in range(count)]


@functools.cache
def _native() -> NativeLibrary:
    return compile_library(
        "replay",
        (_HERE / "replay.c", _LISTENER / "detector.c"),
        declarations(_HERE / "replay.h", include=(_LISTENER,)),
    )
