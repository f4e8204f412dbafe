"""The tables of cores and boards against what the compiler, PlatformIO and the emulators make of them."""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction

import pytest
from elftools.elf.elffile import ELFFile

from pipeline.boards import BOARDS, board
from pipeline.cores import CORES
from pipeline.emulators import EMULATORS
from pipeline.export.tflm_library import _ARCHITECTURES, _attributes
from pipeline.layers.dense_layout import VARIANTS
from pipeline.project import PROJECT


@pytest.mark.parametrize("core", CORES.values(), ids=lambda core: core.name)
def test_the_compiler_selects_the_variant_that_the_table_says(core):
    done = subprocess.run(
        [f"{core.toolchain}gcc", *core.flags, "-dM", "-E", str(PROJECT / "firmware/lib/dynq/dynq_variant.h")],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    selected = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("#define DYNQ_VARIANT_")]
    assert [name for name in selected if name != "DYNQ_VARIANT_H_"] == [f"DYNQ_VARIANT_{core.variant.upper()}"]
    assert core.variant in VARIANTS


@pytest.mark.parametrize("core", [core for core in CORES.values() if not core.is_host], ids=lambda core: core.name)
def test_objects_have_the_architecture_and_float_abi_that_the_table_says(core, tmp_path):
    (tmp_path / "twice.c").write_text("float twice(float x) { return x + x; }\n")
    subprocess.run([f"{core.toolchain}gcc", *core.flags, "-c", "twice.c"], cwd=tmp_path, check=True, timeout=60)
    with (tmp_path / "twice.o").open("rb") as file:
        tags = _attributes(ELFFile(file))
    assert _ARCHITECTURES[tags["TAG_CPU_ARCH"]] == core.architecture
    assert bool(tags.get("TAG_ABI_VFP_ARGS", 0)) == (core.fpu is not None)


def test_every_board_has_its_environment_and_every_environment_its_board():
    done = subprocess.run(
        [sys.executable, "-m", "platformio", "project", "config", "-d", str(PROJECT), "--json-output"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    environments = {
        name.removeprefix("env:"): dict(options)["board"]
        for name, options in json.loads(done.stdout)
        if name.startswith("env:")
    }
    of_usb = {row.usb.environment for row in BOARDS.values() if row.usb}
    assert of_usb <= set(environments)
    table = {row.target: row.definition for row in BOARDS.values()}
    assert {name: definition for name, definition in environments.items() if name not in of_usb} == table


def test_every_manifest_belongs_to_a_board():
    manifests = {path.stem for path in (PROJECT / "firmware" / "platform" / "boards").glob("*.json")}
    assert manifests == {row.definition for row in BOARDS.values()}


@pytest.mark.parametrize("target", BOARDS)
def test_a_row_is_complete(target):
    row = board(target)
    assert row.emulator in EMULATORS
    assert row.core.title in row.description
    assert row.flash_limit >= row.ram_limit > 8192
    assert (row.clock_hz is not None) == row.is_hardware


def test_a_report_says_whether_a_board_was_emulated():
    assert board("nano33").description_of_run("cycles") == "Arduino Nano 33 BLE, nRF52840, Cortex-M4F"
    assert board("nano33").description_of_run("instructions").endswith("Cortex-M4F, emulated")
    assert board("qemu").description_of_run("instructions") == "QEMU mps2-an386, Cortex-M4F"


def test_units_are_exact():
    assert EMULATORS["qemu"].unit(25_000_000).per_tick == Fraction(5, 8)
    assert EMULATORS["qemu"].unit(25_000_000).of(16) == 10
    assert EMULATORS["nrf52840"].unit(64_000_000).of(16) == 16
    assert EMULATORS["host"].unit(1_000_000).name == "microseconds"
