"""This computer's microphone and loudspeaker, by PortAudio: the extra ``microphone``."""

from __future__ import annotations

import queue
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.corpus.data import SAMPLE_RATE
from pipeline.errors import AudioError

_BLOCK_SAMPLES = SAMPLE_RATE // 16
_DEAD_SECONDS = 5.0


@dataclass(frozen=True)
class Microphone:
    """The system's default microphone, and its loudspeaker.

    Attributes:
        name: for people.
        portaudio: the module ``sounddevice``.
    """

    name: str
    portaudio: Any

    def blocks(self) -> Generator[NDArray[np.int16]]:
        """Opens it and yields mono int16 at 16 kHz, a sixteenth of a second each, until it is closed.

        Raises:
            AudioError: it cannot be opened, or gives nothing.
        """
        waiting: queue.SimpleQueue[NDArray[np.int16]] = queue.SimpleQueue()

        def keep(data: NDArray[np.int16], *_: object) -> None:
            waiting.put(data[:, 0].copy())

        try:
            with self.portaudio.InputStream(SAMPLE_RATE, _BLOCK_SAMPLES, channels=1, dtype="int16", callback=keep):
                while True:
                    yield waiting.get(timeout=_DEAD_SECONDS)
        except queue.Empty:
            raise AudioError(
                f"the microphone gave nothing for {_DEAD_SECONDS:.0f} s", "is it still plugged in?"
            ) from None
        except self.portaudio.PortAudioError as error:
            raise AudioError(f"the microphone failed: {error}", "does another program hold it?") from None

    def play(self, pcm: NDArray[np.int16]) -> None:
        """Plays mono int16 at 16 kHz to its end.

        Raises:
            AudioError: there is no loudspeaker.
        """
        try:
            self.portaudio.play(pcm, SAMPLE_RATE)
            self.portaudio.wait()
        except (self.portaudio.PortAudioError, ValueError) as error:
            raise AudioError(f"nothing to play on: {error}", "leave playback out: --no-play") from None


def find_microphone() -> Microphone:
    """The system's default microphone.

    Raises:
        AudioError: the extra is not installed, or there is no microphone.
    """
    try:
        import sounddevice  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except (ImportError, OSError) as error:  # OSError: PortAudio itself is missing
        raise AudioError(
            f"no microphone support: {error}", "pip install 'dynq[microphone]', and libportaudio2 from the system"
        ) from None
    try:
        found = sounddevice.query_devices(kind="input")
    except (sounddevice.PortAudioError, ValueError) as error:
        raise AudioError(f"no microphone found: {error}", "plug one in, or use recordings") from None
    return Microphone(str(found["name"]), sounddevice)
