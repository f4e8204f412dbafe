"""Stands in for the package ``sounddevice``, with the parts of its interface that the product uses: a person who says a
tone of half a second, once every two seconds, into a microphone that calls back from a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np


class PortAudioError(Exception):
    pass


def fake(*, level: float = 0.3, silent_after: int | None = None, device: str | None = "Fake microphone") -> Any:
    """The module; ``played`` lists what it was given to play.

    Args:
        level: of the voice, of full scale.
        silent_after: blocks after which the callback is called no more.
        device: name; None where there is no microphone.
    """
    module: Any = ModuleType("sounddevice")
    module.PortAudioError = PortAudioError
    module.played = []

    class InputStream:
        def __init__(
            self, samplerate: float, blocksize: int, *, channels: int, dtype: str, callback: Callable[..., None]
        ) -> None:
            assert (samplerate, channels, dtype) == (16_000, 1, "int16")
            self._blocksize, self._callback = blocksize, callback
            self._stop = threading.Event()
            self._thread = threading.Thread(target=self._run, daemon=True)

        def _run(self) -> None:
            rng = np.random.default_rng(3)
            sample = count = 0
            while not self._stop.is_set() and (silent_after is None or count < silent_after):
                time = (sample + np.arange(self._blocksize)) / 16_000
                phase = time % 2.0
                voice = np.where(phase < 0.5, np.sin(np.pi * phase / 0.5) ** 2, 0.0) * np.sin(2 * np.pi * 250 * time)
                wave = level * voice + 0.001 * rng.normal(size=len(time))
                pcm = np.clip(wave * 32768, -32768, 32767).astype(np.int16).reshape(-1, 1)
                self._callback(pcm, self._blocksize, None, None)
                sample, count = sample + self._blocksize, count + 1
                self._stop.wait(0.0005)

        def __enter__(self) -> InputStream:
            self._thread.start()
            return self

        def __exit__(self, *_: object) -> None:
            self._stop.set()
            self._thread.join()

    def query_devices(device_: object = None, kind: str | None = None) -> dict[str, object]:
        if device is None:
            raise ValueError("No input device matching")
        return {"name": device, "max_input_channels": 1}

    module.InputStream, module.query_devices = InputStream, query_devices
    module.play = lambda pcm, samplerate: module.played.append((pcm, samplerate))
    module.wait = lambda: None
    return module
