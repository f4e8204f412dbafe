"""LiteRT, an interpreter that others wrote, as a witness of the reference graph."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.workflow.native import held_back_stderr


def run_in_litert(model: bytes, features: NDArray[np.int8]) -> NDArray[np.float32]:
    """What a model of one input and one output answers to int8 ``[n, inputs]``: float32 ``[n, labels]``."""
    with held_back_stderr():  # that it made a delegate is no news
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(model_content=model, num_threads=1)
        interpreter.allocate_tensors()
    source, result = (
        found[0]["index"] for found in (interpreter.get_input_details(), interpreter.get_output_details())
    )
    rows = []
    for row in features:
        interpreter.set_tensor(source, row[None])
        interpreter.invoke()
        rows.append(interpreter.get_tensor(result)[0].copy())
    return np.array(rows, np.float32)
