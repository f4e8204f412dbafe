"""Writes docs/protocol.md and the firmware's command table: ``python -m pipeline.device.protocol_page``."""

from __future__ import annotations

from pipeline.device.protocol import registry
from pipeline.files import write_text
from pipeline.project import PROJECT


def command_table() -> str:
    """``firmware/app/protocol_commands.h``: the registry as an X-macro."""
    lines = [
        "/* PROTOCOL_COMMAND(id, handler, syntax, arguments, least, most, usage) for every text command.",
        " * Generated from pipeline/device/protocol.toml by `python -m pipeline.device.protocol_page`. */",
    ]
    lines += [
        f'PROTOCOL_COMMAND({c.id}, {c.id.lower()}, "{c.syntax}", {c.arguments}, {c.count[0]}, {c.count[1]}, "{c.text}")'
        for c in registry().commands
    ]
    return "\n".join(lines) + "\n"


def page() -> str:
    """``docs/protocol.md``."""

    def table(origin: str) -> str:
        rows = [
            f"| `{c.text}` | {c.summary} | {_answers(c.answers)} |" for c in registry().commands if c.origin == origin
        ]
        return "\n".join(["| command | what it does | answer before `m-ready` |", "|---|---|---|", *rows])

    frames = [f"| `{f.kind}` | {f.summary} | {_answers(f.answers)} |" for f in registry().frames]
    return _PAGE.format(
        runner=table("runner"),
        own=table("dynq"),
        frames="\n".join(["| kind | what it does | answer before `m-ready` |", "|---|---|---|", *frames]),
    )


def _answers(patterns: tuple[str, ...]) -> str:
    return "<br>".join(f"`{p}`".replace("|", "\\|") for p in patterns) or "nothing"


_PAGE = """\
<!-- Generated from pipeline/device/protocol.toml by `python -m pipeline.device.protocol_page`. -->
# The serial protocol

115200 baud, 8N1, no flow control. The device speaks the MLPerf Tiny runner's protocol, so that the official runner can
drive it, and some commands of its own in the same form. The registry `pipeline/device/protocol.toml` declares all of it
once; this page, the firmware's command table and the tests of both sides come from there.

- A command is ASCII words separated by one space, at most 80 characters, ended by `%`. CR and LF are ignored.
- An answer is lines ended by CR LF: `m-...`, or `e-[...]` for an error. Every command, a failed one too, ends in
  `m-ready`.
- At boot: `m-timestamp-mode-performance`, `m-lap-us-N`, `m-init-done`, `m-ready`.
- No command, however malformed, crashes the device, writes out of bounds or leaves it deaf: the next `%` starts afresh.

Answers are regular expressions below; a trailing `*` repeats the line.

## The runner's commands
{runner}

## Our own commands
Every answer line ends in `#` and 8 hex digits: the CRC-32 of the line before the `#`. A float is given as its 32 bits
in hex.
{own}

## Frames
A faster way in than hex digits: `!`, bytes, `%`. Decoded, the bytes are one letter that names the kind, the data, and
the CRC-32 of both, little-endian. They are stuffed so that no zero remains (Consistent Overhead Byte Stuffing: each run
of up to 254 bytes is preceded by its length + 1, zeros between runs are left out), and then every byte is XORed with
`%`, so that no `%` remains. A byte lost, added or changed costs that one frame, answered by `e-[Damaged frame]`.
{frames}
"""


def main() -> None:
    """Writes the documentation page and the firmware's table."""
    write_text(PROJECT / "docs" / "protocol.md", page())
    write_text(PROJECT / "firmware" / "app" / "protocol_commands.h", command_table())


if __name__ == "__main__":
    main()
