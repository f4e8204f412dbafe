"""Speaks with espeak-ng: JSON jobs on stdin, raw speech on stdout. Run as a program by synthesis.py.

espeak-ng keeps state from one utterance to the next, so speech repeats exactly only when a fresh process speaks the
same jobs in the same order: hence a program of its own, which also keeps crashes of the library away.
Answer per job: its number of samples (4 bytes, little-endian; 0: no such voice), then int16 samples at 22,050 Hz.
"""

from __future__ import annotations

import ctypes
import json
import struct
import sys
from typing import Any

_RETRIEVE, _UTF8 = 2, 1
_RATE, _VOLUME, _PITCH, _RANGE = 1, 2, 3, 4


def main() -> None:
    """Answers every job on stdin."""
    import espeakng_loader

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = library.espeak_Initialize(_RETRIEVE, 0, espeakng_loader.get_data_path().encode(), 0)
    if rate != 22_050:
        sys.exit(f"espeak-ng did not start ({rate})")
    out = sys.stdout.buffer
    for job in json.load(sys.stdin):
        speech = _speak(library, job)
        out.write(struct.pack("<I", len(speech) // 2) + speech)
    out.flush()


def _speak(library: Any, job: dict[str, Any]) -> bytes:
    parts: list[bytes] = []
    callback_type = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int16), ctypes.c_int, ctypes.c_void_p)

    def keep(samples: Any, count: int, _events: Any) -> int:
        if samples and count > 0:
            parts.append(ctypes.string_at(samples, 2 * count))
        return 0

    callback = callback_type(keep)
    library.espeak_SetSynthCallback(callback)
    library.espeak_ng_SetRandSeed(ctypes.c_long(job["seed"]))
    if library.espeak_SetVoiceByName(job["voice"].encode()):
        return b""
    for parameter, value in ((_RATE, job["rate"]), (_VOLUME, 100), (_PITCH, job["pitch"]), (_RANGE, job["intonation"])):
        library.espeak_SetParameter(parameter, int(value), 0)
    text = job["text"].encode() + b"\0"
    library.espeak_Synth(text, ctypes.c_size_t(len(text)), 0, 1, 0, _UTF8, None, None)
    library.espeak_Synchronize()
    return b"".join(parts)


if __name__ == "__main__":
    main()
