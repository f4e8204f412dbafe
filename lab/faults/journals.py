"""Journals as mishaps leave them: of other tests, mixed up, damaged. What they hold must never become a result."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

from lab.faults.subject import Firmware
from pipeline.device.runner import journal_key
from pipeline.journal import Journal
from pipeline.layers import logits


def _written(path: Path, key: str, values: Sequence[object]) -> list[str]:
    """Writes a journal; returns its lines."""
    path.unlink(missing_ok=True)
    with Journal(path, key) as journal:
        for value in values:
            journal.add(value)
    return path.read_text("utf-8").splitlines(keepends=True)


def _key(firmware: Firmware) -> str:
    return journal_key(firmware.image.build_hash, firmware.features)


def _right(firmware: Firmware) -> list[object]:
    answers = logits(firmware.model, firmware.features)
    return [[index, 1, row.tobytes().hex()] for index, row in enumerate(answers)]


def _wrong(firmware: Firmware, draw: random.Random) -> list[object]:
    outputs = len(firmware.model.labels)
    return [[index, 1, draw.randbytes(4 * outputs).hex()] for index in range(len(firmware.features))]


def _other_inputs(path: Path, firmware: Firmware, draw: random.Random) -> None:
    _written(path, journal_key(firmware.image.build_hash, firmware.features[::-1]), _wrong(firmware, draw))


def _other_build(path: Path, firmware: Firmware, draw: random.Random) -> None:
    _written(path, journal_key(firmware.stale.build_hash, firmware.features), _wrong(firmware, draw))


def _joined(path: Path, firmware: Firmware, draw: random.Random) -> None:
    other = _written(path, journal_key(firmware.stale.build_hash, firmware.features), _wrong(firmware, draw))
    own = _written(path, _key(firmware), _right(firmware)[: draw.randint(0, 3)])
    path.write_text("".join([*own, *other[draw.randint(0, 1) :]]), "utf-8")


def _doubled(path: Path, firmware: Firmware, draw: random.Random) -> None:
    own = _written(path, _key(firmware), _right(firmware)[: draw.randint(1, 6)])
    path.write_text("".join([*own, *own[1:], *draw.choices(own, k=3)]), "utf-8")


def _damaged(path: Path, firmware: Firmware, draw: random.Random) -> None:
    _written(path, _key(firmware), _right(firmware))
    data = bytearray(path.read_bytes())
    for _ in range(draw.randint(1, 8)):
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    path.write_bytes(data[: draw.randint(0, len(data))] if draw.random() < 0.5 else data)


MISHAPS: dict[str, Callable[[Path, Firmware, random.Random], None]] = {
    "other inputs": _other_inputs,
    "other build": _other_build,
    "joined": _joined,
    "doubled": _doubled,
    "damaged": _damaged,
}
"""By name: what leaves such a journal at a path."""
