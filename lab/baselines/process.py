"""The baseline process: ``python -m lab.baselines.process INPUTS.npz FOLDER``.

tfmot needs the legacy Keras, and importing it switches ``tf.keras`` to that for the whole process. So this runs in a
process of its own. It reports progress as lines ``epoch N of M`` and leaves its files and ``baselines.json`` in FOLDER.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np

from lab.baselines.inputs import BaselineInputs
from pipeline.files import write_bytes, write_text

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def main(inputs: Path, folder: Path) -> None:
    import tf_keras

    from lab.baselines.routes import routes

    data = BaselineInputs.load(inputs)
    tf_keras.utils.set_random_seed(data.seed)
    found = []
    for index, (name, make, ask) in enumerate(routes(trained=data.epochs > 0)):
        converted = make(data)
        file = folder / f"baseline_{index}.tflite"
        write_bytes(file, converted)
        np.save(folder / f"baseline_{index}.npy", ask(converted, data))
        found.append({"name": name, "file": file.name, "logits": f"baseline_{index}.npy"})
    write_text(folder / "baselines.json", json.dumps(found, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
