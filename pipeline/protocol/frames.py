"""Frames of bytes, as they go over the wire."""

from __future__ import annotations

import zlib

END = b"%"
FRAME_START = b"!"


def encode_frame(kind: str, data: bytes) -> bytes:
    """A frame ready to send: ``!``, stuffed kind, data and CRC-32, ``%``."""
    body = kind.encode("ascii") + data
    body += zlib.crc32(body).to_bytes(4, "little")
    return FRAME_START + bytes(byte ^ END[0] for byte in _stuff(body)) + END


def _stuff(data: bytes) -> bytes:
    """Consistent Overhead Byte Stuffing: the same bytes without zeros."""
    stuffed = bytearray()
    for run in data.split(b"\0"):
        while len(run) >= 254:
            stuffed += b"\xff" + run[:254]
            run = run[254:]
        stuffed += bytes((len(run) + 1,)) + run
    return bytes(stuffed)
