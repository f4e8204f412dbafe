"""Runs a model in the genuine interpreter of the `tflite-micro` wheel with our operator; a process of its own, because
the runtime's symbols must be global and would meet TensorFlow's.

    wheel_worker.py LIBRARY MODEL FEATURES.npy OUTPUT.npy RESET_EVERY

Exits with 3 and the operator's message when the interpreter refuses the model.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

import numpy as np

sys.setdlopenflags(os.RTLD_GLOBAL | os.RTLD_NOW)
from tflite_micro.python.tflite_micro import runtime  # noqa: E402

ARENA_BYTES = 600_000


def main(library: str, model: str, features: str, output: str, reset_every: str) -> int:
    operators = []
    if library != "-":
        loaded = ctypes.CDLL(library, ctypes.RTLD_GLOBAL)
        loaded.DynqError.restype = ctypes.c_char_p
        operators = ["DynqRegister"]
    try:
        interpreter = runtime.Interpreter.from_bytes(Path(model).read_bytes(), operators, ARENA_BYTES)
    except RuntimeError as error:
        print(loaded.DynqError() if operators else error)
        return 3
    rows = []
    for index, row in enumerate(np.load(features)):
        if index % int(reset_every) == 0:
            interpreter.reset()
        interpreter.set_input(row[None], 0)
        interpreter.invoke()
        rows.append(interpreter.get_output(0)[0].copy())
    np.save(output, np.array(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
