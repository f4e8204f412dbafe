"""docs/faults.md, from the outcomes of a campaign."""

from __future__ import annotations

from collections.abc import Sequence

from lab.faults.campaign import TIMING
from lab.faults.kinds import KINDS
from lab.faults.outcome import COMPLETED, CRASHED, LIMIT_SECONDS, STOPPED, WRONG, Outcome, messages
from pipeline.device.client import ATTEMPTS

_PAGE = """\
# Faults on the line

`make faults` runs the on-device test thousands of times over a serial port that misbehaves, every fault drawn from a
seed. Each run is a whole test: open the port, check the build, {inputs} inferences by checksummed frames, one by the
runner's `db` lines, a dump of a layer, per-layer ticks and memory. The firmware is the product's own, built as a Linux
program; the port is a pty; between the two sits a line that loses, doubles, invents and inverts bytes, holds them back,
and a hand that resets the device, replaces its firmware, stops it or pulls the plug.

A run may end in two ways only: with results that all equal the reference bit for bit, or with a message that says why
not. After a message the test is run again on a good line: it must take over what was collected and complete.
Waiting is shortened for the campaign ({answer:g} s for an answer instead of 5); a run of more than {limit:g} s counts
as a hang. Faults that leave nothing to test (no port, no answer, another firmware) must end in a message.

{runs:,} runs, seeds from {seed}:

| fault | runs | completed | stopped | rerun completed | wrong | hangs | crashes | retries | longest, s |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|
{rows}

"Stopped" means with a message; "retries" are commands sent again in runs that completed. Byte faults hit each byte in
either direction with a probability drawn from 1/2000, 1/600, 1/200 and 1/60; blocks with an eighth of that. The
answer to `build%` is 220 bytes and that to `dump 0%` 400, so at 1/60 hardly one passes whole, and runs give up after
{attempts} attempts at one command.

Messages of the stopped runs (digits as N, the port's name as PORT; the twelve most frequent):

| runs | message |
|---:|---|
{messages}
"""


def _row(name: str, description: str, outcomes: Sequence[Outcome]) -> str:
    def count(end: str) -> int:
        return sum(outcome.end == end for outcome in outcomes)

    cells = (
        len(outcomes),
        count(COMPLETED),
        count(STOPPED),
        sum(outcome.rerun is True for outcome in outcomes),
        count(WRONG),
        sum(outcome.seconds > LIMIT_SECONDS for outcome in outcomes),
        count(CRASHED),
        sum(outcome.retries for outcome in outcomes),
    )
    longest = max((outcome.seconds for outcome in outcomes), default=0.0)
    return f"| {name}: {description} | " + " | ".join(f"{cell:,}" for cell in cells) + f" | {longest:.1f} |"


def page(outcomes: Sequence[Outcome], inputs: int) -> str:
    """The whole page."""
    ran = {outcome.kind for outcome in outcomes}
    rows = [
        _row(f"`{kind}`", text, [outcome for outcome in outcomes if outcome.kind == kind])
        for kind, (text, _) in KINDS.items()
        if kind in ran
    ]
    rows.append(_row("**all**", "", outcomes).replace("**: ", "** ", 1))
    texts = "\n".join(f"| {count:,} | {text.replace('|', '/')} |" for text, count in messages(outcomes).most_common(12))
    first = min((outcome.seed for outcome in outcomes), default=0)
    return _PAGE.format(
        inputs=inputs,
        answer=TIMING.answer,
        limit=LIMIT_SECONDS,
        attempts=ATTEMPTS,
        runs=len(outcomes),
        seed=first,
        rows="\n".join(rows),
        messages=texts,
    )
