"""What a campaign tests: the firmware around a small random model, as a Linux program or for the virtual board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.boards import board
from pipeline.config import Detector, Frontend
from pipeline.device.link import Timing
from pipeline.export import write_c_arrays
from pipeline.firmware import FirmwareImage, build_firmware
from pipeline.layers import Dense, QuantizedModel
from pipeline.listening.heard import Event
from pipeline.listening.host import HostListener
from pipeline.progress import SILENT, Progress
from pipeline.quantization import InputQuantization

_WIDTHS = (80, 33, 17, 5)
_INPUTS = 6
_AUDIO_SAMPLES = 2_400

TIMINGS = {
    "host": Timing(answer=0.3, resynchronise=0.4, prod=0.1, quiet=0.03, reopen=0.6, banner=1.5),
    "nano33": Timing(answer=2.0, resynchronise=2.4, prod=0.3, quiet=0.1, reopen=2.0, banner=10.0),
}
"""How long a run waits for what, by target: a pty answers within a millisecond, a virtual UART of 115200 baud within
tens; a fraction of the patience that a real board gets keeps a campaign short."""

_HANG = """\
#include "board.h"
const char *__real_engine_invoke(const void *x, float *y);
const char *__wrap_engine_invoke(const void *x, float *y);
const char *__wrap_engine_invoke(const void *x, float *y) {
  while (board_reset_cause()[0] == 'p') { /* "power": until the watchdog has bitten */
    __asm volatile("");
  }
  return __real_engine_invoke(x, y);
}
"""


@dataclass(frozen=True)
class Firmware:
    """What the runs test: an image, another build of it, one that hangs, their model, and the test's inputs.

    Attributes:
        hanging: hangs at its first inference after power came on; None where there is no watchdog.
        features: int8 ``[B, K]``.
        audio: int16 ``[T]``.
        heard: the events in it, as the listener on this computer hears them.
        timing: how long a run waits for what.
    """

    image: FirmwareImage
    stale: FirmwareImage
    hanging: FirmwareImage | None
    model: QuantizedModel
    features: NDArray[np.int8]
    audio: NDArray[np.int16]
    heard: tuple[Event, ...]
    timing: Timing

    @property
    def target(self) -> str:
        """What it runs on."""
        return self.image.target


def _model(seed: int) -> QuantizedModel:
    draw = np.random.default_rng(seed)
    layers = tuple(
        Dense.quantized(
            f"dense_{i}",
            draw.normal(size=(k, n)) / np.sqrt(k),
            draw.normal(size=n) * 0.1,
            4,
            relu=i < len(_WIDTHS) - 2,
        )
        for i, (k, n) in enumerate(pairwise(_WIDTHS))
    )
    return QuantizedModel(
        "faults",
        layers,
        ("_silence_", "_unknown_", "one", "two", "three"),
        InputQuantization(0.05078125, -20),
        Frontend(bands=20, context_frames=4),
        detector=Detector(threshold=0.4, smoothing_frames=2, refractory_ms=30),
    )


def _audio() -> NDArray[np.int16]:
    """Noise whose loudness changes a hundred times a second."""
    draw = np.random.default_rng(0)
    gain = np.repeat(10 ** draw.uniform(0, 4, _AUDIO_SAMPLES // 160), 160)
    return np.clip(gain * draw.normal(size=_AUDIO_SAMPLES), -32768, 32767).astype(np.int16)


def prepare(folder: Path, target: str = "host", *, progress: Progress = SILENT) -> Firmware:
    """Builds two images that differ in their model's weights only, so that only the build hash tells them apart.

    Raises:
        ToolchainError: no C compiler.
        FirmwareError: the firmware does not build.
    """

    def build(name: str, seed: int, flags: Sequence[str] = (), extra: str = "") -> FirmwareImage:
        sources = folder / name / "model"
        sources.mkdir(parents=True, exist_ok=True)
        write_c_arrays(_model(seed), board(target).core.variant, sources, source_hash=f"{seed:016x}")
        if extra:
            (sources / "kws_extra.c").write_text(extra, "utf-8")
        return build_firmware(target, sources, folder / name, flags=tuple(flags), progress=progress)

    model, audio = _model(1), _audio()
    return Firmware(
        build("tested", 1),
        build("stale", 2),
        build("hanging", 1, ("-Wl,--wrap=engine_invoke",), _HANG) if target != "host" else None,
        model,
        np.random.default_rng(0).integers(-127, 128, (_INPUTS, _WIDTHS[0]), dtype=np.int8),
        audio,
        tuple(HostListener(model).push(audio)[1]),
        TIMINGS[target],
    )
