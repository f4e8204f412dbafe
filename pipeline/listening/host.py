"""The device's own C (front end, network, detector) on this machine, many times faster than the sound itself."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline._native import NativeLibrary, compile_library, declarations
from pipeline.export import encode_tflite, write_c_arrays
from pipeline.layers import QuantizedModel
from pipeline.layers.model import NEVER
from pipeline.listening.heard import Event, Step
from pipeline.project import PROJECT, cache_folder

COMPILES = ("firmware/lib/dynq", "firmware/lib/frontend", "firmware/lib/listener", "firmware/app/kws_model.h")

_HERE = Path(__file__).parent
_BLOCK = 160_000


class HostListener:
    """Listens to one stream of mono int16 audio at the model's sample rate; how it is cut changes nothing.

    One at a time for each model: the network's buffers are the compiled model's own.

    Args:
        threshold: smoothed posterior, 0..1, for every keyword in place of the model's own.

    Raises:
        ToolchainError: no C compiler.
    """

    def __init__(self, model: QuantizedModel, *, threshold: float | None = None) -> None:
        self._model = model
        native = _compiled(model)
        self._ffi, self._lib = native.ffi, native.lib
        row = model.frontend.hop_samples * model.frontend.context_stride
        self._steps = self._ffi.new("host_step_t[]", _BLOCK // row + 2)
        self._scores = np.empty((_BLOCK // row + 2, len(model.labels)), np.float32)
        self._count = self._ffi.new("size_t *")
        wanted = self._ffi.NULL
        if threshold is not None:
            wanted = self._ffi.new("float[]", [own if own == NEVER else threshold for own in model.thresholds])
        self._lib.host_listener_start(wanted)

    def push(self, pcm: NDArray[np.int16]) -> tuple[list[Step], list[Event]]:
        """Takes int16 ``[n]``; returns the steps that they complete, and the events among these."""
        steps: list[Step] = []
        events: list[Event] = []
        for start in range(0, len(pcm), _BLOCK):
            piece = np.ascontiguousarray(pcm[start : start + _BLOCK], np.int16)
            self._lib.host_listener_push(
                self._ffi.from_buffer("int16_t[]", piece),
                len(piece),
                self._steps,
                self._ffi.from_buffer("float[]", self._scores),
                self._count,
            )
            self._collect(steps, events)
        return steps, events

    def _collect(self, steps: list[Step], events: list[Event]) -> None:
        labels = self._model.labels
        keywords = [i for i, label in enumerate(labels) if label in self._model.keywords]
        for index in range(self._count[0]):
            step, scores = self._steps[index], self._scores[index]
            shown = tuple(scores[keywords].tolist()) if step.scored else (float("nan"),) * len(keywords)
            steps.append(Step(step.sample, shown))
            if step.event >= 0:
                events.append(Event(labels[step.event], float(scores[step.event]), step.sample))


def _compiled(model: QuantizedModel) -> NativeLibrary:
    digest = hashlib.sha256(encode_tflite(model)).hexdigest()
    folder = cache_folder("listening") / digest[:16]
    arrays = write_c_arrays(model, "reference", folder, source_hash=digest)
    libraries = [PROJECT / name for name in COMPILES[:3]]
    sources = [*(file for file in arrays.files if file.suffix == ".c"), _HERE / "host_listener.c"]
    sources += [file for library in libraries for file in sorted(library.glob("*.c"))]
    return compile_library(
        "listener",
        tuple(sources),
        declarations(_HERE / "host_listener.h"),
        ("-DDYNQ_VARIANT_REFERENCE",),
        (PROJECT / "firmware" / "app",),
    )
