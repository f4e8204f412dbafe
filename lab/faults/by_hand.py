"""The runner's way to load an input, hex digits line by line, over a link that loses some."""

from __future__ import annotations

import zlib
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from pipeline.device.client import ATTEMPTS, Client
from pipeline.device.link import LinkClosed, NoAnswer
from pipeline.errors import DeviceError
from pipeline.protocol.declared import HEX_BYTES, InputCheck


def load_hex(client: Client, features: NDArray[np.int8]) -> None:
    """Loads int8 ``[K]`` by ``db`` lines, and proves it by ``crc%``.

    Raises:
        DeviceError: it did not arrive in ``ATTEMPTS`` attempts.
    """
    data = features.tobytes()
    for attempt in range(ATTEMPTS):
        if attempt:
            client.retries += 1
            with suppress(NoAnswer):  # the command that follows finds out whether the device is silent for good
                client.link.resynchronise()
        client.command("DB_LOAD", len(data))
        try:
            # not repeated by itself: a line that did arrive would be counted twice
            arrived = all(
                _taken(client.link.exchange(f"db {piece.hex()}%".encode(), client.link.timing.answer))
                for piece in (data[at : at + HEX_BYTES] for at in range(0, len(data), HEX_BYTES))
            )
        except NoAnswer:
            continue
        except LinkClosed:
            client.link.reopen()
            continue
        if arrived and client.command("CRC").one(InputCheck) == InputCheck(zlib.crc32(data), len(data)):
            return
    raise DeviceError(f"could not load the input in {ATTEMPTS} attempts", "check cable and ground")


def _taken(lines: list[str]) -> bool:
    return not any(line.startswith("e-[") for line in lines)
