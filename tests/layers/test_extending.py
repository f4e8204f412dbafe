"""docs/extending.md, "A layer type", done in a copy of the project as it is written there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from pipeline.project import PROJECT

RUN = """
import sys
from pathlib import Path

import numpy as np

from pipeline._native import compile_library, declarations
from pipeline.config import Frontend
from pipeline.device import open_device
from pipeline.export import decode_tflite, encode_reference_tflite, encode_tflite, write_c_arrays
from pipeline.firmware import build_firmware
from pipeline.layers import KINDS, Dense, QuantizedModel, Stream, layer_outputs, logits
from pipeline.project import PROJECT
from pipeline.quantization import InputQuantization
from pipeline.workflow.litert import run_in_litert

folder, rng = Path(sys.argv[1]), np.random.default_rng(1)

def dense(name, inputs, outputs):
    return Dense.quantized(name, rng.normal(size=(inputs, outputs)) / np.sqrt(inputs), rng.normal(size=outputs), 4)

layers = (dense("stem", 60, 9), KINDS["delta"]("delta", 9), dense("logits", 9, 3))
quantization, frontend = InputQuantization(0.05078125, -20), Frontend(context_frames=6)
model = QuantizedModel("toy", layers, ("_silence_", "_unknown_", "word"), quantization, frontend, stride=2)
model = decode_tflite(encode_tflite(model))
clips = rng.integers(-128, 128, (3, 120)).astype(np.int8)
write_c_arrays(model, "reference", folder / "c", source_hash="0" * 64)
assert run_in_litert(encode_reference_tflite(model), clips).tobytes() == logits(model, clips).tobytes()

lib = PROJECT / "firmware" / "lib" / "dynq"
cdef = declarations(lib / "dynq_network.h") + "extern dynq_network_t kws_network;"
sources = (folder / "c" / "kws_model.c", *sorted(lib.glob("*.c")))
include = (PROJECT / "firmware" / "app", lib.parent / "listener")
native = compile_library("toy", sources, cdef, include=include)
network = native.ffi.addressof(native.lib, "kws_network")
for _ in range(2):  # the second time from what a reset leaves
    native.lib.dynq_network_reset(network)
    stream = Stream(model)
    for row in clips.reshape(-1, 20)[:-1]:  # ends between two steps
        c = native.lib.dynq_network_step(network, native.ffi.from_buffer("int8_t[]", row))
        numpy = stream.push(row[None])
        assert (c == native.ffi.NULL) == (numpy is None)
        assert numpy is None or bytes(native.ffi.buffer(c, 12)) == numpy[-1].tobytes()

with open_device("host", build_firmware("host", folder / "c", folder / "image")) as device:
    for clip in clips:
        outputs = layer_outputs(model, clip)
        assert device.client.run(clip).logits.tobytes() == outputs[-1].tobytes()
        for index, values in enumerate(outputs):
            assert device.client.dump(index, clip).tobytes() == values.tobytes()
assert any(np.any(values[1] != values[0]) for values in (layer_outputs(model, clip) for clip in clips))
print("same bits")
"""


def test_a_layer_type_is_its_files_and_one_entry(tmp_path: Path):
    copy = tmp_path / "project"
    for part in ("firmware", "pipeline"):
        shutil.copytree(PROJECT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "platformio.ini", copy)

    page = (PROJECT / "docs" / "extending.md").read_text()
    section = re.search(r"^## A layer type$.*?(?=^## )", page, re.MULTILINE | re.DOTALL)
    assert section is not None
    blocks = re.findall(r"^ *```(\w+)\n(.*?)^ *```$", section[0], re.MULTILINE | re.DOTALL)
    assert [language for language, _ in blocks] == ["python", "python", "c", "c"]
    value, entry, declaration, function = (re.sub(r"^   ", "", text, flags=re.MULTILINE) for _, text in blocks)

    (copy / "pipeline/layers/delta.py").write_text(value)
    registry = copy / "pipeline/layers/__init__.py"
    old = registry.read_text()
    new = re.sub(r"^KINDS: .*\n", entry, old, flags=re.MULTILINE)
    new = new.replace(
        "from pipeline.layers.dense", "from pipeline.layers.delta import Delta\nfrom pipeline.layers.dense"
    )
    assert new != old
    registry.write_text(new)
    header = copy / "firmware/lib/dynq/dynq_layers.h"
    text = header.read_text()
    at = text.rindex("#ifdef __cplusplus")
    header.write_text(text[:at] + declaration + text[at:])
    (copy / "firmware/lib/dynq/dynq_delta.c").write_text(function)

    done = subprocess.run(
        [sys.executable, "-c", RUN, str(tmp_path / "out")],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy), "DYNQ_CACHE": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.stdout == "same bits\n", done.stderr[-3000:]
