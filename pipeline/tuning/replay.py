"""The device's own C over what a network made of a stream: its softmax, and its detector as often as one likes."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline._native import NativeLibrary, compile_library, declarations
from pipeline.corpus.data import SAMPLE_RATE
from pipeline.listening.heard import Event
from pipeline.project import PROJECT
from pipeline.tuning.spotters import Heard

COMPILES = ("firmware/lib/listener",)

_HERE = Path(__file__).parent
_LISTENER = PROJECT / COMPILES[0]


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


def posteriors(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each logit of float32 ``[steps, labels]`` against the highest of the others, as the listener has it."""
    ffi, lib = _native().ffi, _native().lib
    found = np.empty_like(logits)
    lib.replay_posteriors(
        ffi.from_buffer("float[]", np.ascontiguousarray(logits)), *logits.shape, ffi.from_buffer("float[]", found)
    )
    return found


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
        (_HERE / "replay.c", _LISTENER / "detector.c", _LISTENER / "softmax.c"),
        declarations(_HERE / "replay.h", include=(_LISTENER,)),
    )
