"""Numbers, texts and arrays as C."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import QuantizationError


def c_float(value: np.float32 | NDArray[np.float32]) -> str:
    """A float32 as a hexadecimal C literal: the same bits in every compiler, -0 and denormals included.

    Raises:
        QuantizationError: the value is infinite or not a number.
    """
    number = float(value)
    if not np.isfinite(number):
        raise QuantizationError(f"{number} cannot be a model parameter")
    sign, mantissa = ("-", number.hex()[1:]) if number.hex().startswith("-") else ("", number.hex())
    digits, exponent = mantissa.split("p")
    return f"{sign}{digits.rstrip('0') if '.' in digits else digits}p{exponent}f".replace(".p", "p")


def c_string(text: str) -> str:
    """A text as a C string literal in plain ASCII; other bytes of its UTF-8 become octal escapes."""

    def escape(byte: int) -> str:
        char = chr(byte)
        return char if 32 <= byte < 127 and char not in '"\\?' else f"\\{byte:03o}"

    return '"' + "".join(escape(byte) for byte in text.encode()) + '"'


def c_comment(text: str) -> str:
    """A text that cannot end the comment that it stands in."""
    return "".join(char if char.isascii() and char.isprintable() else "?" for char in text).replace("*/", "* /")


_ELEMENTS: dict[str, tuple[str, Callable[[Any], str], int]] = {
    "int8": ("int8_t", str, 20),
    "uint8": ("uint8_t", str, 20),
    "int32": ("int32_t", str, 10),
    "uint32": ("uint32_t", "{:#010x}".format, 8),
    "float32": ("float", c_float, 4),
}
"""C type of an array's elements, how one is written, and how many in a row."""


def c_array(name: str, values: NDArray[Any], *, storage: str = "static ", qualifier: str = "const ") -> Iterator[str]:
    """An array, 16-byte aligned, of numpy type int8, uint8, int32, uint32 or float32, constant by default."""
    c_type, text, per_row = _ELEMENTS[values.dtype.name]
    yield f"{storage}_Alignas(16) {qualifier}{c_type} {name}[{values.size}] = {{\n"
    items = [text(value) for value in values.ravel()]
    for start in range(0, len(items), per_row):
        yield "    " + ", ".join(items[start : start + per_row]) + ",\n"
    yield "};\n"


def c_table(declaration: str, rows: Iterable[str]) -> str:
    """An array of anything, one initialiser a row."""
    return f"{declaration} = {{\n" + "".join(f"    {row},\n" for row in rows) + "};\n\n"


def c_struct(declaration: str, **fields: object) -> str:
    """A struct with an initialiser for each field."""
    return f"{declaration} = {{\n" + "".join(f"    .{name} = {value},\n" for name, value in fields.items()) + "};\n"
