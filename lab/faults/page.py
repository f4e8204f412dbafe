"""docs/faults.md, from the outcomes of a campaign."""

from __future__ import annotations

from collections.abc import Sequence

from lab.faults.kinds import KINDS
from lab.faults.outcome import COMPLETED, CRASHED, LIMIT_SECONDS, STOPPED, WRONG, Outcome, messages
from lab.faults.subject import TIMINGS
from pipeline.boards import board
from pipeline.device.client import ATTEMPTS

_PAGE = """\
# Faults on the line

`make faults` runs the on-device test thousands of times over a serial port that misbehaves, every fault drawn from a
seed. Each run is a whole test: open the port, check the build, {inputs} inferences by checksummed frames, one by the
runner's `db` lines, a dump of a layer, per-layer ticks and memory, audio in pieces of any size with its detections, and
a frame larger than the device's buffer. The firmware is the product's own, as a Linux program and, in fewer runs,
as the Nano 33 BLE's image on the virtual board, with its UART, timers and watchdog. The port is a pty; between the two
sits a line that loses, doubles, invents and inverts bytes, holds them back, and a hand that resets the device, replaces
its firmware, stops it, pulls the plug or mixes journals up.

A run may end in two ways only: with results that all equal the reference bit for bit and detections that are the
listener's, or with a message that says why not. After a message the test is run again on a good line: it must take
over what was collected and complete. Waiting is shortened for the campaign ({answers} s for an answer instead of 5); a
run of more than {limits} s counts as a hang. Faults that leave nothing to test (no port, no answer, another firmware)
must end in a message, and a device that had no reason to start again must not have done so.

{tables}

"Stopped" means with a message; "retries" are commands sent again in runs that completed. Byte faults hit each byte in
either direction with a probability drawn from 1/2000, 1/600, 1/200 and 1/60; blocks with an eighth of that. The
answer to `build%` is 220 bytes and that to `dump 0%` 400, so at 1/60 hardly one passes whole, and runs give up after
{attempts} attempts at one command.

Messages of the stopped runs (digits as N, the port's name as PORT; the twelve most frequent):

| runs | message |
|---:|---|
{messages}

## What the campaign itself notices
`lab/mutants/mutants.toml` has mutants of the campaign's own, "campaign: ...": each takes one check out of host,
protocol, journal or driver, and small campaigns in `tests/lab/faults` must fail for it (`python -m lab.mutants --only
campaign`).

## Anything at all
`make fuzz` gives the protocol's parser any bytes, and the TensorFlow Lite Micro operators any options, tensors and
counts, under libFuzzer with the address and undefined-behaviour sanitizers, half an hour each.
"""


_HEAD = """\
| fault | runs | completed | stopped | rerun completed | wrong | hangs | crashes | retries | longest, s |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"""


def _row(name: str, description: str, outcomes: Sequence[Outcome]) -> str:
    def count(end: str) -> int:
        return sum(outcome.end == end for outcome in outcomes)

    cells = (
        len(outcomes),
        count(COMPLETED),
        count(STOPPED),
        sum(outcome.rerun is True for outcome in outcomes),
        count(WRONG),
        sum(outcome.hangs for outcome in outcomes),
        count(CRASHED),
        sum(outcome.retries for outcome in outcomes),
    )
    longest = max((outcome.seconds for outcome in outcomes), default=0.0)
    return f"| {name}: {description} | " + " | ".join(f"{cell:,}" for cell in cells) + f" | {longest:.1f} |"


def _table(target: str, outcomes: Sequence[Outcome]) -> str:
    rows = [
        _row(f"`{kind}`", text, of_kind)
        for kind, (text, _) in KINDS.items()
        if (of_kind := [outcome for outcome in outcomes if outcome.kind == kind])
    ]
    rows.append(_row("**all**", "", outcomes).replace("**: ", "** ", 1))
    title = board(target).title
    start = f"{title[0].upper()}{title[1:]}: {len(outcomes):,} runs, seeds from {outcomes[0].seed}.\n"
    return "\n".join((start, _HEAD, *rows))


def page(outcomes: Sequence[Outcome], inputs: int) -> str:
    """The whole page."""
    by_target = {target: [one for one in outcomes if one.target == target] for target in TIMINGS}
    texts = "\n".join(f"| {count:,} | {text.replace('|', '/')} |" for text, count in messages(outcomes).most_common(12))
    return _PAGE.format(
        inputs=inputs,
        answers=" and ".join(f"{timing.answer:g}" for timing in TIMINGS.values()),
        limits=" and ".join(f"{seconds:g}" for seconds in LIMIT_SECONDS.values()),
        attempts=ATTEMPTS,
        tables="\n\n".join(_table(target, found) for target, found in by_target.items() if found),
        messages=texts,
    )
