"""A checksum behind the flatbuffer, by which host and device alike tell a whole model file from a damaged one.

Flatbuffers are read from their front, so every reader of ``.tflite`` files passes over the 16 bytes at the end:
``DYNQ``, the seal's version, the number of bytes before the seal, and the CRC-32 of all bytes before this last word,
each of 4 bytes, little endian. ``firmware/lib/tflm/dynq_seal.c`` checks the same bytes on the device.
"""

from __future__ import annotations

import struct
import zlib

from pipeline.errors import ModelFileError

_MAGIC = b"DYNQ"
_VERSION = 1
_HEAD = struct.Struct("<4sII")
SEAL_BYTES = _HEAD.size + 4


def seal(flatbuffer: bytes) -> bytes:
    """The flatbuffer with its seal behind it."""
    sealed = flatbuffer + _HEAD.pack(_MAGIC, _VERSION, len(flatbuffer))
    return sealed + zlib.crc32(sealed).to_bytes(4, "little")


def unseal(file: bytes, where: str) -> bytes:
    """The flatbuffer in a sealed file; ``where`` names the file in errors.

    Raises:
        ModelFileError: there is no seal (not our file, or cut off), or a bit has changed since the file was written.
    """
    if len(file) <= SEAL_BYTES or file[-SEAL_BYTES : -SEAL_BYTES + len(_MAGIC)] != _MAGIC:
        raise ModelFileError(
            f"{where} was not written by this project, or is cut off", "give a .tflite from this project's export stage"
        )
    flatbuffer = file[:-SEAL_BYTES]
    if seal(flatbuffer) != file:
        raise ModelFileError(f"{where} is damaged: its checksum does not fit", "copy it or export it again")
    return flatbuffer
