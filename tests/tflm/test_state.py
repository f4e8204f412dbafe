"""What operators share, in the genuine interpreter, through an operator of the tests' own that remembers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.export.graph import Graph
from pipeline.export.schema import schema
from pipeline.layers.options import OptionsLayout
from tests.tflm.wheel import Refused, run_in_wheel

RUNNING_SUM = OptionsLayout("DYNQ_TEST_RUNNING_SUM", version=1, fields=(("values", "H"),))
ROWS = np.random.default_rng(1).integers(-1000, 1000, (9, 5)).astype(np.float32)


def file(options: bytes) -> bytes:
    """A graph of two running sums, one behind the other: each has a state of its own."""
    graph = Graph("two running sums")
    x, y, z = (graph.tensor(name, [1, 5], schema().TensorType.FLOAT32) for name in "xyz")
    graph.custom(RUNNING_SUM.name, [x], [y], options)
    graph.custom(RUNNING_SUM.name, [y], [z], options)
    return graph.finish([x], [z])


@pytest.mark.parametrize("reset_every", [9, 4, 1])
def test_state_lasts_until_a_reset(wheel_operator: Path, tmp_path: Path, reset_every: int) -> None:
    sums = run_in_wheel(
        wheel_operator, file(RUNNING_SUM.encode("reference", values=5)), ROWS, tmp_path, reset_every=reset_every
    )
    parts = [ROWS[i : i + reset_every] for i in range(0, len(ROWS), reset_every)]
    np.testing.assert_array_equal(sums, np.concatenate([part.cumsum(0).cumsum(0) for part in parts]))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (RUNNING_SUM.encode("reference", values=4), r"input 0 \(values\): not float32 of the length in the options"),
        (RUNNING_SUM.encode("mve", values=5), "options: packing is for other kernels than those compiled in"),
        (b"\2" + RUNNING_SUM.encode("reference", values=5)[1:], "options: of another version"),
        (b"", "options: of another length"),
    ],
)
def test_an_error_names_its_operator(wheel_operator: Path, tmp_path: Path, options: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=rf"DYNQ_TEST_RUNNING_SUM: {reason}'"):
        run_in_wheel(wheel_operator, file(options), ROWS, tmp_path)
