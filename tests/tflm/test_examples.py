"""The library folders that users take into firmware of their own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from pipeline import __version__
from pipeline.cores import CORES
from pipeline.export import write_c_arrays, write_tflm_arrays
from pipeline.export.tflm_library import inspect_tflm
from pipeline.layers import logits
from tests.conftest import make_model
from tests.tflm.wheel import HERE, LIBRARIES

ARDUINO = HERE / "arduino"
APP = LIBRARIES.parent / "app"


@pytest.mark.parametrize("name", ["dynq", "frontend", "listener", "tflm"])
def test_manifests_agree_and_name_what_is_there(name: str) -> None:
    folder = LIBRARIES / name
    manifest = json.loads((folder / "library.json").read_text())
    properties = dict(line.split("=", 1) for line in (folder / "library.properties").read_text().splitlines())
    assert manifest["name"] == properties["name"]
    assert manifest["version"] == properties["version"] == __version__
    assert (folder / manifest["headers"]).is_file()
    assert properties["includes"] == manifest["headers"]
    for example in manifest["examples"]:
        for file in example["files"]:
            assert (folder / example["base"] / file).is_file()
            assert Path(example["base"]).name == Path(file).stem, "Arduino wants a sketch in a folder of its name"
    assert (folder / "README.md").is_file()


@pytest.mark.parametrize("bits", [8, 4, 2])
def test_the_sketch_prints_the_references_logits(tmp_path: Path, bits: int) -> None:
    model = make_model(bits)
    write_c_arrays(model, "reference", tmp_path, source_hash="0" * 64)
    sketch = LIBRARIES / "dynq/examples/keyword_logits/keyword_logits.ino"
    includes = [f"-I{folder}" for folder in (ARDUINO, tmp_path, APP, LIBRARIES / "dynq", LIBRARIES / "listener")]
    common = ["-O2", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", *includes]
    objects = []
    for source in [tmp_path / "kws_model.c", *sorted((LIBRARIES / "dynq").glob("*.c"))]:
        objects.append(str(tmp_path / f"{source.stem}.o"))
        subprocess.run(["cc", "-std=c11", *common, "-c", str(source), "-o", objects[-1]], check=True, timeout=60)
    subprocess.run(
        [
            "c++",
            "-std=c++17",
            *common,
            "-x",
            "c++",
            str(sketch),
            "-x",
            "none",
            *objects,
            "-o",
            str(tmp_path / "sketch"),
        ],
        check=True,
        timeout=60,
    )
    printed = subprocess.run([str(tmp_path / "sketch")], capture_output=True, text=True, check=True, timeout=20).stdout
    rows = [line.split() for line in printed.splitlines()]
    assert [row[0] for row in rows] == list(model.labels)
    features = (np.arange(model.inputs) % 101 - 50).astype(np.int8)
    bits_printed = np.array([int(row[1], 16) for row in rows], np.uint32)
    np.testing.assert_array_equal(bits_printed, logits(model, features).view(np.uint32))


@pytest.mark.skipif("TFLM_ROOT" not in os.environ, reason="TFLM_ROOT names no build of TensorFlow Lite Micro")
def test_the_tflm_sketch_compiles_against_the_users_library(tmp_path: Path) -> None:
    library = inspect_tflm(Path(os.environ["TFLM_ROOT"]), CORES["cortex-m4"])
    write_tflm_arrays(make_model(4), "cortex_m4_dsp", tmp_path, source_hash="0" * 64, arena_bytes=8192)
    flags = [part for flag in library.flags if not flag.startswith(("-L", "-l")) for part in flag.split()]
    includes = [f"-I{folder}" for folder in (ARDUINO, tmp_path, LIBRARIES / "dynq", LIBRARIES / "tflm")]
    subprocess.run(
        [
            "arm-none-eabi-g++",
            "-mcpu=cortex-m4",
            "-mthumb",
            "-mfloat-abi=hard",
            "-mfpu=fpv4-sp-d16",
            "-std=gnu++17",
            "-fno-rtti",
            "-fno-exceptions",
            "-Wall",
            "-Wextra",
            "-Werror",
            *flags,
            *includes,
            "-x",
            "c++",
            "-c",
            str(LIBRARIES / "tflm/examples/run_tflite/run_tflite.ino"),
            "-o",
            str(tmp_path / "sketch.o"),
        ],
        check=True,
        timeout=120,
    )
