"""Coverage-guided fuzzing of the parser under AddressSanitizer and UndefinedBehaviorSanitizer.

FUZZ_SECONDS sets how long the long test takes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.project import PROJECT
from tests.firmware.parser import APP

LIBRARIES = PROJECT / "firmware" / "lib"

HERE = Path(__file__).parent / "fuzz"


@pytest.fixture(scope="module")
def fuzzer(tmp_path_factory) -> Path:
    if shutil.which("clang") is None:
        pytest.skip("libFuzzer comes with clang: sudo apt-get install clang")
    program = tmp_path_factory.mktemp("fuzz") / "fuzz_protocol"
    subprocess.run(
        [
            "clang",
            "-std=c11",
            "-g",
            "-O1",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-fsanitize=fuzzer,address,undefined",
            "-fno-sanitize-recover=all",
            f"-I{APP}",
            f"-I{LIBRARIES / 'dynq'}",
            str(HERE / "fuzz_protocol.c"),
            str(APP / "protocol.c"),
            str(LIBRARIES / "dynq/dynq_crc32.c"),
            "-o",
            str(program),
        ],
        check=True,
        timeout=120,
    )
    return program


def run(program: Path, folder: Path, seconds: int) -> None:
    done = subprocess.run(
        [
            str(program),
            str(folder),
            str(HERE / "corpus"),
            f"-max_total_time={seconds}",
            "-timeout=5",
            "-rss_limit_mb=0",  # it counts the largest size of the process that started it too
            "-malloc_limit_mb=512",
            "-max_len=600",
            f"-artifact_prefix={folder}/",
        ],
        capture_output=True,
        text=True,
        timeout=seconds + 60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_parser_survives_seconds_of_fuzzing(fuzzer, tmp_path):
    run(fuzzer, tmp_path, 8)


@pytest.mark.slow
def test_parser_survives_minutes_of_fuzzing(fuzzer, tmp_path):
    run(fuzzer, tmp_path, int(os.environ.get("FUZZ_SECONDS", "600")))
