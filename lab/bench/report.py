"""Figures as JSON and Markdown, beside those of an earlier run."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from lab.bench import peers
from lab.bench.suite import Row
from pipeline.errors import UsageError

Key = tuple[str, str, int, str, str]
FORMAT = 2


def to_json(rows: Sequence[Row], versions: Mapping[str, str]) -> str:
    """Rows as a JSON document."""
    document = {"format": FORMAT, "versions": dict(versions), "rows": [asdict(row) for row in rows]}
    return json.dumps(document, indent=1) + "\n"


def from_json(text: str, where: str) -> dict[Key, Row]:
    """Rows of a JSON document by key.

    Raises:
        UsageError: the document is not one of ours.
    """
    try:
        document = json.loads(text)
        if document["format"] != FORMAT:
            raise ValueError(f"format {document['format']}")
        rows = [Row(**row) for row in document["rows"]]
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{where} holds no figures of this benchmark: {error}", "delete it, or name another") from None
    return {row.key: row for row in rows}


def committed(path: Path) -> dict[Key, Row]:
    """The figures last committed at ``path``; where there is no such commit, those in the file; else none."""
    try:
        shown = subprocess.run(
            ["git", "show", f"HEAD:./{path.name}"],
            cwd=path.parent,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        text = shown.stdout if shown.returncode == 0 else ""
    except (OSError, subprocess.TimeoutExpired):
        text = ""
    if not text and path.is_file():
        text = path.read_text()
    return from_json(text, str(path)) if text else {}


def regressions(rows: Iterable[Row], before: Mapping[Key, Row], tolerance: float) -> list[str]:
    """One line for every figure that grew by more than ``tolerance`` (0.01 is 1 %)."""
    found = []
    for row in rows:
        old = before.get(row.key)
        for name in ("instructions", "cycles", "code_bytes", "scratch_bytes"):
            new_value, old_value = getattr(row, name), getattr(old, name, None)
            if new_value and old_value and new_value > old_value * (1 + tolerance):
                found.append(
                    f"{row.core} {row.variant}, {row.bits} bits, {row.what}, {row.source}: {name} "
                    f"{old_value} -> {new_value} (x {new_value / old_value:.3f})"
                )
    return found


def _per_mac(value: int, row: Row) -> str:
    return f"{value / row.macs:.3f}" if row.macs else ""


def _ratio(new: int | None, old: int | None) -> str:
    return "" if not new or not old else f"{new / old:.3f}"


_INTRODUCTION = """\
# Kernel figures

Written by `make bench`; {versions}, -O2. Instructions are exact and repeat exactly: a whole library call, dynamic
quantization and float output included. *floats*: the call finds the frame's range and codes; *bytes*: int8 input;
*rows*: one step of a stream, all of its layers, in mid-stream.
`cycles~` is an estimate for the Cortex-M4 with zero wait states by the model in `lab/bench/cycles.py`; *in flash*, with
weights and parameters in the flash of an nRF52840, by that in `pipeline/flash.py`. There is none for the M7 and the
M55: Arm publishes no timings of their instructions, and counts stand for themselves. *vs
reference* is how many times fewer instructions than the portable C reference on the same core; *vs before* compares
with the last committed figures (below 1 is better). Sizes are bytes; *code* is the library's at that bit width,
*scratch* the largest of the layers'.
"""

_BESIDE_PEERS = """
## Beside {title}

Instructions per MAC. Its fully-connected kernels in the same image with the same flags, int8 in and out, ranges fixed
at training; 8-bit weights have a step for each column, 4-bit ones one for all. Below 1 dynq takes fewer.

| core | bits | shape | dynq, floats | dynq, bytes | {name} | floats : {name} | bytes : {name} |
|---|---:|---|---:|---:|---:|---:|---:|
"""

_HEAD = (
    "| bits | shape | input | instructions | per MAC | cycles~ | per MAC | in flash | per MAC | vs reference "
    "| vs before | code | weights | parameters | scratch | state |\n"
    "|---:|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n"
)


def is_peer(row: Row) -> bool:
    """Whether a figure is of somebody else's kernels."""
    return row.variant.startswith(peers.NAME)


def _beside_peers(rows: Sequence[Row]) -> Iterable[str]:
    theirs = [row for row in rows if is_peer(row)]
    if not theirs:
        return
    ours = {
        (row.core, row.bits, row.what, row.source): row
        for row in rows
        if not is_peer(row) and row.variant != "reference"
    }
    yield _BESIDE_PEERS.format(title=theirs[0].variant, name=peers.NAME)
    for row in theirs:
        pair = [ours.get((row.core, row.bits, row.what, source)) for source in ("floats", "bytes")]
        if all(pair):
            cells = [_per_mac(one.instructions, one) for one in (*pair, row) if one]
            cells += [_ratio(one.instructions, row.instructions) for one in pair if one]
            yield f"| {row.core} | {row.bits} | {row.what} | {' | '.join(cells)} |\n"


def to_markdown(rows: Sequence[Row], before: Mapping[Key, Row], versions: Mapping[str, str]) -> str:
    """Rows as a page, one table per core."""
    references = {(row.core, row.bits, row.what, row.source): row for row in rows if row.variant == "reference"}
    parts = [_INTRODUCTION.format(versions=", ".join(f"{name} {version}" for name, version in versions.items()))]
    parts += _beside_peers(rows)
    for core, variant in dict.fromkeys((row.core, row.variant) for row in rows):
        parts.append(f"\n## {core}: {variant}\n\n{_HEAD}")
        for row in rows:
            if (row.core, row.variant) == (core, variant):
                old = before.get(row.key)
                reference = references.get((row.core, row.bits, row.what, row.source))
                cycles = " | ".join(
                    " | " if value is None else f"{value:,} | {_per_mac(value, row)}"
                    for value in (row.cycles, row.flash_cycles)
                )
                gain = f"{reference.instructions / row.instructions:.2f}" if reference else ""
                parts.append(
                    f"| {row.bits or ''} | {row.what} | {row.source} | {row.instructions:,} | "
                    f"{_per_mac(row.instructions, row)} | {cycles} | {gain} | "
                    f"{_ratio(row.instructions, old.instructions if old else None)} | {row.code_bytes:,} | "
                    f"{row.weight_bytes:,} | {row.parameter_bytes:,} | {row.scratch_bytes:,} | {row.state_bytes:,} |\n"
                )
    return "".join(parts)
