"""The C that goes into a firmware image: it compiles for every core, and generated tables are the host's bits."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest

from pipeline.config import Frontend
from pipeline.cores import CORES
from pipeline.frontend import make_tables, mel_power, write_c
from pipeline.project import PROJECT

FOLDER = PROJECT / "firmware" / "lib" / "frontend"
DUMP = """
#include "kws_frontend.h"
#include <stdio.h>
#include <string.h>
int main(void) {
  static int16_t pcm[512];
  static float scratch[FRONTEND_SCRATCH_FLOATS], power[FRONTEND_MAX_BANDS];
  if (fread(pcm, sizeof pcm[0], kws_frontend.window_samples, stdin) != kws_frontend.window_samples)
    return 1;
  frontend_power(&kws_frontend, pcm, scratch, power);
  return fwrite(power, sizeof power[0], kws_frontend.bands, stdout) != kws_frontend.bands;
}
"""


@pytest.mark.parametrize("core", [core for core in CORES.values() if not core.is_host], ids=lambda core: core.name)
def test_compiles_without_warnings_and_calls_no_libm(core, tmp_path):
    objects = []
    for source in sorted(FOLDER.glob("*.c")):
        objects.append(tmp_path / f"{source.stem}.o")
        command = ["arm-none-eabi-gcc", *core.flags, "-std=c11", "-O2", "-ffp-contract=off", "-Wall"]
        command += ["-Wextra", "-Wconversion", "-Werror", "-c", str(source), "-o", str(objects[-1])]
        subprocess.run(command, check=True, timeout=60)
    wanted = subprocess.run(
        ["arm-none-eabi-nm", "-u", *map(str, objects)], check=True, capture_output=True, text=True, timeout=60
    ).stdout.split()
    outside = {name for name in wanted if not name.startswith(("frontend_", "__aeabi_", "U", "/")) and ":" not in name}
    assert outside <= {"memcpy", "memmove", "memset"}


@pytest.mark.parametrize("bands", [20, 40])
def test_generated_tables_give_the_bits_of_the_host(bands, tmp_path):
    settings = Frontend(bands=bands)
    header, source = write_c(settings, tmp_path)
    assert "extern const frontend_config_t kws_frontend;" in header.read_text()
    (tmp_path / "dump.c").write_text(DUMP)
    flags = ["-std=c11", "-O1", "-ffp-contract=off", "-fsanitize=address,undefined", "-fno-sanitize-recover"]
    command = ["cc", *flags, "-Wall", "-Wextra", "-Werror", f"-I{FOLDER}", f"-I{tmp_path}"]
    command += [*map(str, FOLDER.glob("*.c")), str(source), str(tmp_path / "dump.c"), "-o", str(tmp_path / "dump")]
    subprocess.run(command, check=True, timeout=120)
    pcm = np.random.default_rng(1).integers(-32768, 32768, settings.window_samples).astype(np.int16)
    answer = subprocess.run([tmp_path / "dump"], input=pcm.tobytes(), capture_output=True, check=True, timeout=30)
    assert np.frombuffer(answer.stdout, np.uint32).tolist() == mel_power(pcm, settings).view(np.uint32)[0].tolist()


def test_table_sizes_are_stated(tmp_path):
    _, source = write_c(Frontend(), tmp_path)
    tables = make_tables(Frontend())
    text = source.read_text()
    assert f"{4 * len(tables.window)} bytes" in text
    assert f"{4 * len(tables.rising)} bytes" in text
