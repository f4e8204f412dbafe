"""What a bad line does to bytes: pure functions of a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

BLOCK_BYTES = 64
"""What a USB CDC driver loses at a time."""


@dataclass(frozen=True)
class Rates:
    """Probability per byte of each fault, and seconds by which delivery is delayed.

    Attributes:
        drop, duplicate, insert, flip: the byte is lost, comes twice, gets a random one before it, has one bit inverted.
        block: this byte and up to 63 after it, as far as they were sent together, are lost.
        split: bytes come in pieces of 1 to 7, up to ``delay`` seconds apart.
        merge: bytes wait up to ``delay`` seconds and come together with what follows.
    """

    drop: float = 0.0
    duplicate: float = 0.0
    insert: float = 0.0
    flip: float = 0.0
    block: float = 0.0
    split: bool = False
    merge: bool = False
    delay: float = 0.0


class Corruption:
    """One direction of a line."""

    def __init__(self, rates: Rates, seed: int) -> None:
        self._rates = rates
        self._random = random.Random(seed)

    def corrupt(self, data: bytes) -> bytes:
        """What arrives of ``data``."""
        rates, chance = self._rates, self._random.random
        arrived = bytearray()
        losing = 0
        for byte in data:
            if chance() < rates.block:
                losing = BLOCK_BYTES
            if losing:
                losing -= 1
                continue
            if chance() < rates.drop:
                continue
            if chance() < rates.insert:
                arrived.append(self._random.randrange(256))
            if chance() < rates.flip:
                byte ^= 1 << self._random.randrange(8)
            arrived.append(byte)
            if chance() < rates.duplicate:
                arrived.append(byte)
        return bytes(arrived)

    def pieces(self, data: bytes) -> list[tuple[float, bytes]]:
        """``data`` as it is delivered: seconds to wait before each piece."""
        rates = self._rates
        if not data:
            return []
        if rates.merge:
            return [(self._random.uniform(0, rates.delay), data)]
        if not rates.split:
            return [(0.0, data)]
        pieces = []
        while data:
            size = self._random.randint(1, 7)
            pieces.append((self._random.uniform(0, rates.delay), data[:size]))
            data = data[size:]
        return pieces
