"""Writes what is generated from the protocol's registry: ``python -m tools.protocol_files``."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import zip_longest

from pipeline.files import write_text
from pipeline.project import PROJECT
from pipeline.protocol.registry import TYPES, Command, FrameKind, Line, registry

_SOURCE = "Generated from pipeline/protocol/registry.toml by `python -m tools.protocol_files`"

# Parameters of a field in C, and what prints it.
_C = {
    "number": ("uint64_t {0}", "output_number(out, {0});"),
    "hex": ("uint32_t {0}", "output_hex(out, {0});"),
    "word": ("const char *{0}", "output_text(out, {0});"),
    "text": ("const char *{0}", "output_text(out, {0});"),
    "fraction": ("float {0}", "output_fraction(out, {0});"),
    "fractions": ("const float *{0}, size_t {0}_count", "output_fractions(out, {0}, {0}_count);"),
    "floats": ("const float *{0}, size_t {0}_count", "output_floats(out, {0}, {0}_count);"),
    "bytes": ("const void *{0}, size_t {0}_count", "output_bytes(out, {0}, {0}_count);"),
}


def firmware_tables() -> str:
    """``firmware/app/protocol_registry.h``: limits, and commands, frames and errors as X-macros."""
    known = registry()

    def table(name: str, parameters: str, rows: list[str]) -> list[str]:
        return ["", f"/* {parameters} */", " \\\n  ".join([f"#define {name}(X)", *rows])]

    def error(line: Line) -> str:
        before, after = line.pieces[0], line.pieces[3] if line.fields else None
        return f'"{before}", ' + (f'"{after}"' if after else "NULL")

    lines = [
        f"/* {_SOURCE}. */",
        "#ifndef PROTOCOL_REGISTRY_H_",
        "#define PROTOCOL_REGISTRY_H_",
        "/* clang-format off */",
        "",
        "enum {",
        *(f"  PROTOCOL_{limit.name} = {limit.value}, /* {limit.summary} */" for limit in known.limits),
        f"  PROTOCOL_NUMBERS_MAX = {max(c.count[1] for c in known.commands)}, /* most numbers behind a command */",
        "};",
        *table(
            "PROTOCOL_COMMANDS",
            "X(id, handler, syntax, arguments, least numbers, most numbers, usage)",
            [
                f'X({c.id}, {c.id.lower()}, "{c.syntax}", {c.arguments}, {c.count[0]}, {c.count[1]}, "{c.text}")'
                for c in known.commands
            ],
        ),
        *table(
            "PROTOCOL_FRAMES",
            "X(id, handler, kind)",
            [f"X(FRAME_{f.id}, frame_{f.id.lower()}, '{f.kind}')" for f in known.frames],
        ),
        *table(
            "PROTOCOL_ERRORS",
            "X(id, text, text behind what is told; NULL where nothing is told)",
            [f"X({e.id}, {error(e.line)})" for e in known.errors],
        ),
        "",
        "#endif",
    ]
    return "\n".join(lines) + "\n"


def firmware_answers() -> str:
    """``firmware/app/protocol_answers.h``: a function that says each line."""
    head = [
        f"/* {_SOURCE}. */",
        "#ifndef PROTOCOL_ANSWERS_H_",
        "#define PROTOCOL_ANSWERS_H_",
        "/* clang-format off */",
        "",
        '#include "output.h"',
        "",
    ]
    functions = [_say(line) for line in registry().lines.values()]
    return "\n".join([*head, *functions, "#endif"]) + "\n"


def _say(line: Line) -> str:
    fields = list(zip(line.pieces[1::3], line.pieces[2::3], strict=True))
    parameters = "".join(", " + _C[kind][0].format(name) for name, kind in fields)
    prints = [_C[kind][1].format(name) for name, kind in fields]
    body = [
        statement
        for text, said in zip_longest(line.pieces[::3], prints)
        for statement in (f'output_text(out, "{text}");' if text else "", said)
        if statement
    ]
    end = "output_end_checked(out);" if line.checked else "output_end(out);"
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", line.name).lower()
    head = f"static inline void answer_{name}(output_t *out{parameters}) {{"
    return "\n".join([head, *(f"  {statement}" for statement in [*body, end]), "}\n"])


def python_records() -> str:
    """``pipeline/protocol/declared.py``: limits, and a record for every line with fields."""
    known = registry()
    lines = [
        '"""What the protocol\'s registry declares: limits, and a record for every line with fields.',
        "",
        f"{_SOURCE.replace('`', '``')}.",
        '"""',
        "",
        "from __future__ import annotations",
        "",
        "from dataclasses import dataclass",
        "",
        "import numpy as np",
        "from numpy.typing import NDArray",
        "",
    ]
    for limit in known.limits:
        lines += [f"{limit.name} = {limit.value}", f'"""{limit.summary[0].upper()}{limit.summary[1:]}."""']
    for line in known.lines.values():
        if line.fields:
            lines += ["", "", "@dataclass(frozen=True)", f"class {line.name}:"]
            lines += [f'    """{line.summary}"""', ""] if line.summary else []
            lines += [f"    {name}: {field.python}" for name, field in line.fields.items()]
    return "\n".join(lines) + "\n"


def page() -> str:
    """``docs/protocol.md``."""
    known = registry()

    def table(head: str, rows: list[str]) -> str:
        return "\n".join([head, "|---" * (head.count("|") - 1) + "|", *rows])

    def requests(name: str, rows: list[tuple[str, Command | FrameKind]]) -> str:
        return table(
            f"| {name} | what it does | answer, before `m-ready` |",
            [f"| `{text}` | {asked.summary} | {_answers(asked.answers)} |" for text, asked in rows],
        )

    def own(origin: str) -> str:
        return requests("command", [(c.text, c) for c in known.commands if c.origin == origin])

    return _PAGE.format(
        limits="\n".join(f"- `{limit.name}` = {limit.value}: {limit.summary}" for limit in known.limits),
        runner=own("runner"),
        own=own("dynq"),
        frames=requests("kind", [(f.kind, f) for f in known.frames]),
        banner=", ".join(_code(known.lines[name].text) for name in known.banner),
        spoken=" and ".join(known.spoken),
        types=table("| type | how it is written |", [f"| {name} | {t.summary} |" for name, t in TYPES.items()]),
        records=table(
            "| name | line | what it tells |",
            [f"| {x.name} | {_code(x.text)} | {x.summary} |" for x in known.lines.values()],
        ),
        errors=table(
            "| error | when a command is damaged |",
            [f"| {_code(e.line.text)} | {'yes' if e.damage else ''} |" for e in known.errors],
        ),
    )


def _code(text: str) -> str:
    return f"`{text}`"


def _answers(answers: tuple[str, ...]) -> str:
    often = {"*": ", any number of times", "?": ", or nothing"}
    return "<br>".join(a.rstrip("*?").replace("|", " or ") + often.get(a[-1], "") for a in answers) or "nothing"


_PAGE = (
    f"<!-- {_SOURCE}. -->"
    + """
# The serial protocol

The device speaks the MLPerf Tiny runner's protocol, so that the official runner can drive it, and some commands of its
own in the same form. The registry `pipeline/protocol/registry.toml` declares all of it once. This page, the firmware's
tables, its answers and the records that Python reads them into are written from there, and so are the tests.

- A command is ASCII words separated by one space, ended by `%`. CR and LF are ignored.
- An answer is lines ended by CR LF: `m-...`, or `e-[...]` for an error. Every command, a failed one too, ends in
  `m-ready`.
- Answers are named below by their lines, which have a section of their own. At boot: {banner}, `m-ready`.
- While it listens by its own microphone a device also says {spoken}, between answers and never within one.
- No command, however malformed, crashes the device, writes out of bounds or leaves it deaf: the next `%` starts afresh.

Limits:

{limits}

## The runner's commands
{runner}

## Our own commands
{own}

## Frames
A faster way in than hex digits: `!`, bytes, `%`. Decoded, the bytes are one letter that names the kind, the data, and
the CRC-32 of both, little-endian. They are stuffed so that no zero remains (Consistent Overhead Byte Stuffing: each run
of up to 254 bytes is preceded by its length + 1, zeros between runs are left out), and then every byte is XORed with
`%`, so that no `%` remains. A byte lost, added or changed costs that one frame.
{frames}

## Lines
`{{name:type}}` is a field. A `#` at the end stands for itself and 8 hex digits: the CRC-32 of the line before the `#`.
{types}

{records}

## Errors
A damaged command may get any of those marked: it is worth asking again. The others mean what they say.
{errors}
"""
)

FILES: dict[str, Callable[[], str]] = {
    "firmware/app/protocol_registry.h": firmware_tables,
    "firmware/app/protocol_answers.h": firmware_answers,
    "pipeline/protocol/declared.py": python_records,
    "docs/protocol.md": page,
}
"""What writes each generated file."""


def main() -> None:
    """Writes them all."""
    for name, make in FILES.items():
        write_text(PROJECT / name, make())


if __name__ == "__main__":
    main()
