"""Writes ``docs/recipes.md`` from the classes that check recipes: ``python -m tools.recipe_page``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from pipeline.config import Settings
from pipeline.files import write_text
from pipeline.project import PROJECT
from pipeline.recipe import Recipe

PAGE = "docs/recipes.md"

_HEAD = """# Keys of a recipe

*Generated from `pipeline/config.py` by `python -m tools.recipe_page`.*

A recipe is a TOML file that says what to listen for, from which data, with which network; [models/](../models) has some
to copy. Only `name`, and `keywords` in `[corpus]`, have to be there. An unknown key, a wrong type or a value out of
range stops the build before it begins.

`name`: letters a to z, digits and underscores, 32 at most; models, images and reports are called so.
"""


def page() -> str:
    """The page's text."""
    lines = [_HEAD]
    told: dict[Any, str] = {}
    for section, field in Recipe.model_fields.items():
        kinds = [kind for kind in _members(field.annotation) if _is_settings(kind)]
        if kinds and kinds[0] in told:
            lines += [f"\n## [{section}]\n", f"A network {field.description}. Keys as in `[{told[kinds[0]]}]`."]
            continue
        told |= dict.fromkeys(kinds, section)
        for kind in kinds:
            named = f', `kind = "{_kind(kind)}"`' if len(kinds) > 1 else ""
            lines += [f"\n## [{section}]{named}\n", f"{_text(kind)}\n", *_table(kind)]
            for key, inner in kind.model_fields.items():
                for below in _members(inner.annotation):
                    if _is_settings(below):
                        lines += [f"\n### {key}\n", f"{_text(below)}\n", *_table(below)]
    return "\n".join(lines).replace("``", "`") + "\n"


def _table(kind: type[Settings]) -> Iterator[str]:
    told = dict(re.findall(r"^    +(\w+): (.+)$", kind.__doc__ or "", re.MULTILINE))
    yield "| key | value | default | |\n|---|---|---|---|"
    for key, field in kind.model_fields.items():
        if key != "kind":
            yield f"| `{key}` | {_values(field)} | {_default(field)} | {field.description or told.get(key, '')} |"


def _text(kind: type[Settings]) -> str:
    """What a class says of itself, without the lines on its attributes."""
    return " ".join((kind.__doc__ or "").partition("Attributes:")[0].split())


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "*needed*"
    if field.default is None or field.default is PydanticUndefined:
        return ""
    if isinstance(field.default, Settings):
        return "see below"
    value = json.loads(json.dumps(field.default, default=lambda one: one.model_dump(exclude_none=True)))
    return f"`{_toml(value)}`"


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


def _values(field: FieldInfo) -> str:
    return _type(field.annotation) + _bounds(field.metadata)


def _type(annotation: Any) -> str:
    """A type in words, as TOML has it."""
    names = {bool: "true or false", int: "whole number", float: "number", str: "text"}
    if annotation in names:
        return names[annotation]
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{json.dumps(one)}`" for one in get_args(annotation))
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        return _type(inner) + _bounds([part for one in metadata for part in getattr(one, "metadata", [one])])
    if get_origin(annotation) is tuple:
        items = get_args(annotation)
        return f"list of {_type(items[0])}" if items[-1] is Ellipsis else f"{len(items)} times {_type(items[0])}"
    if _is_settings(annotation):
        return "table, see below"
    return " or ".join(_type(one) for one in _members(annotation) if one is not type(None))


def _bounds(metadata: list[Any]) -> str:
    signs = {"ge": "from", "gt": "above", "le": "to", "lt": "below", "min_length": "at least", "max_length": "at most"}
    found = []
    for name, sign in signs.items():
        for one in metadata:
            if (value := getattr(one, name, None)) is not None:
                found.append(f"{sign} {value:,}" if isinstance(value, int) else f"{sign} {value:g}")
    return f" {', '.join(found)}" if found else ""


def _members(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) is Annotated:
        return _members(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType, tuple):
        return tuple(inner for one in get_args(annotation) for inner in _members(one))
    return (annotation,)


def _is_settings(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Settings)


def _kind(kind: type[Settings]) -> str:
    return str(get_args(kind.model_fields["kind"].annotation)[0])


if __name__ == "__main__":
    write_text(PROJECT / PAGE, page())
