"""The operator under libFuzzer with the address and undefined-behaviour sanitizers. FUZZ_SECONDS sets how long."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.export.seal import seal
from pipeline.layers import KINDS
from tests.conftest import make_model, make_temporal_model
from tests.tflm.wheel import HERE, compile_operator

SECONDS = int(os.environ.get("FUZZ_SECONDS", "15"))
SANITIZERS = ("-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all", "-g", "-O1")


@pytest.fixture(scope="module")
def fuzzer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert shutil.which("clang++"), "clang is needed for fuzzing: apt-get install clang"
    directory = tmp_path_factory.mktemp("fuzz")
    objects = compile_operator(
        directory, [HERE / "fuzz_prepare.cc"], "fuzz", compiler=("clang", "clang++"), flags=SANITIZERS
    )
    subprocess.run(["clang++", *SANITIZERS, *objects, "-o", str(directory / "fuzz")], check=True, timeout=120)
    return directory / "fuzz"


def write_seeds(directory: Path) -> Path:
    """Valid operators of every type, bit width and kind of input, so that mutations start beyond the first check."""
    directory.mkdir()
    kinds = list(KINDS)
    for bits in (8, 4, 2):
        model = make_temporal_model(bits, channels=9, blocks=1, taps=3, dilation=2, pooling=4, labels=3)
        for layer in (*make_model(bits, widths=(9, 3)).layers, *model.layers):
            options = layer.encoded_options("reference")
            for kind in (0, 1, 4, 16, 17, 20):
                seed = bytes([kinds.index(layer.kind), kind, len(options)]) + options
                (directory / f"{bits}-{layer.name}-{kind}").write_bytes(seed)
    (directory / "sealed").write_bytes(seal(b"flatbuffer"))
    return directory


def accepted(log: str) -> int:
    found = re.search(r"^accepted (\d+)$", log, re.MULTILINE)
    assert found, log[-2000:]
    return int(found[1])


def test_seeds_reach_the_kernels(fuzzer: Path, tmp_path: Path) -> None:
    seeds = write_seeds(tmp_path / "seeds")
    result = subprocess.run(
        [str(fuzzer), "-runs=0", str(seeds)], capture_output=True, text=True, timeout=120, check=True
    )
    assert accepted(result.stderr) >= 100


def test_prepare_and_invoke_survive_anything(fuzzer: Path, tmp_path: Path) -> None:
    seeds, corpus, found = write_seeds(tmp_path / "seeds"), tmp_path / "corpus", tmp_path / "found"
    corpus.mkdir()
    found.mkdir()
    result = subprocess.run(
        [
            str(fuzzer),
            f"-max_total_time={SECONDS}",
            "-max_len=4096",
            "-timeout=10",
            "-rss_limit_mb=0",  # it counts the largest size of the process that started it too
            "-malloc_limit_mb=2048",
            "-print_final_stats=1",
            f"-artifact_prefix={found}/",
            str(corpus),
            str(seeds),
        ],
        capture_output=True,
        text=True,
        timeout=SECONDS + 120,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-4000:]
    assert not list(found.iterdir())
    assert accepted(result.stderr) > 100
