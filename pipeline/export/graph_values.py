"""Float arithmetic in a graph of built-in operators, written as formulas."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.export.graph import Graph
from pipeline.export.schema import schema


@dataclass
class Sheet:
    """A graph that formulas are written into. Each constant is held once.

    Attributes:
        scope: what the names of new tensors start with.
    """

    graph: Graph
    scope: str = ""
    _constants: dict[tuple[object, ...], Value] = field(default_factory=dict)
    _count: int = 0

    def constant(self, values: ArrayLike, kind: type[np.generic] = np.float32) -> Value:
        """A constant of one type of number, float32 or int32, in its own shape."""
        array = np.ascontiguousarray(np.asarray(values).astype(kind))
        key = array.dtype.name, array.shape, array.tobytes()
        if key not in self._constants:
            index = self.graph.constant(self._name("constant"), array)
            self._constants[key] = Value(self, index, array.shape)
        return self._constants[key]

    def apply(
        self,
        operator: str,
        *inputs: Value,
        shape: tuple[int, ...] | None = None,
        options: str = "",
        kind: str = "FLOAT32",
        **fields: Any,
    ) -> Value:
        """The result of a built-in operator, of the shape that broadcasting its inputs gives where none is told."""
        shape = np.broadcast_shapes(*(value.shape for value in inputs)) if shape is None else shape
        index = self.graph.tensor(self._name(operator.lower()), shape, getattr(schema().TensorType, kind))
        self.graph.builtin(operator, [value.index for value in inputs], [index], options, **fields)
        return Value(self, index, shape)

    def _name(self, what: str) -> str:
        self._count += 1
        return f"{self.scope}/{what}_{self._count}".lstrip("/")


@dataclass(frozen=True, eq=False)
class Value:
    """A tensor of float32 numbers, or of truth values. Numbers beside it become constants."""

    sheet: Sheet
    index: int
    shape: tuple[int, ...]

    __array_ufunc__ = None  # numpy leaves the arithmetic to this class

    def __add__(self, other: Value | ArrayLike) -> Value:
        return self._with("ADD", self, other)

    def __radd__(self, other: Value | ArrayLike) -> Value:
        return self._with("ADD", other, self)

    def __sub__(self, other: Value | ArrayLike) -> Value:
        return self._with("SUB", self, other)

    def __rsub__(self, other: Value | ArrayLike) -> Value:
        return self._with("SUB", other, self)

    def __mul__(self, other: Value | ArrayLike) -> Value:
        return self._with("MUL", self, other)

    def __truediv__(self, other: Value | ArrayLike) -> Value:
        return self._with("DIV", self, other)

    def __rtruediv__(self, other: Value | ArrayLike) -> Value:
        return self._with("DIV", other, self)

    def __neg__(self) -> Value:
        return self.sheet.apply("NEG", self, options="NegOptions")

    def at_least(self, other: Value | ArrayLike) -> Value:
        """Whether it is as large or larger."""
        return self.sheet.apply("GREATER_EQUAL", self, self._value(other), options="GreaterEqualOptions", kind="BOOL")

    def choose(self, yes: Value | ArrayLike, no: Value | ArrayLike) -> Value:
        """The first where this is true, the second elsewhere."""
        return self.sheet.apply("SELECT_V2", self, self._value(yes), self._value(no), options="SelectV2Options")

    def larger(self, other: Value | ArrayLike) -> Value:
        """The larger of two numbers."""
        return self.sheet.apply("MAXIMUM", self, self._value(other), options="MaximumMinimumOptions")

    def ceil(self) -> Value:
        return self.sheet.apply("CEIL", self)

    def floor(self) -> Value:
        return self.sheet.apply("FLOOR", self)

    def round(self) -> Value:
        """Rounds half to even."""
        return self.sheet.apply("ROUND", self)

    def relu(self) -> Value:
        return self.sheet.apply("RELU", self)

    def min(self) -> Value:
        """Along the last axis, which stays, as in ``max`` and ``sum``."""
        return self._reduced("REDUCE_MIN")

    def max(self) -> Value:
        return self._reduced("REDUCE_MAX")

    def sum(self) -> Value:
        return self._reduced("SUM")

    def reshape(self, *shape: int) -> Value:
        if shape == self.shape:
            return self
        wanted = self.sheet.constant(shape, np.int32)
        return self.sheet.apply("RESHAPE", self, wanted, shape=shape, options="ReshapeOptions", newShape=list(shape))

    def rows(self, places: NDArray[np.int64]) -> Value:
        """Rows of a matrix, by their numbers; those below 0 are zeros."""
        before, padded = max(0, -int(places.min())), self
        if before:
            padding = self.sheet.constant([[before, 0], [0, 0]], np.int32)
            shape = (self.shape[0] + before, self.shape[1])
            padded = self.sheet.apply("PAD", self, padding, shape=shape, options="PadOptions")
        if np.array_equal(places + before, np.arange(padded.shape[0])):
            return padded
        wanted = self.sheet.constant(places + before, np.int32)
        return self.sheet.apply("GATHER", padded, wanted, shape=(len(places), self.shape[1]), options="GatherOptions")

    def _with(self, operator: str, a: Value | ArrayLike, b: Value | ArrayLike) -> Value:
        options = operator.capitalize() + "Options"
        return self.sheet.apply(operator, self._value(a), self._value(b), options=options)

    def _reduced(self, operator: str) -> Value:
        axis = self.sheet.constant([len(self.shape) - 1], np.int32)
        shape = (*self.shape[:-1], 1)
        return self.sheet.apply(operator, self, axis, shape=shape, options="ReducerOptions", keepDims=True)

    def _value(self, other: Value | ArrayLike) -> Value:
        return other if isinstance(other, Value) else self.sheet.constant(np.atleast_2d(np.asarray(other)))
