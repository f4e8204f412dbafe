"""Firmware that crashes or hangs comes back by itself and says what happened."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from pipeline.boards import board
from pipeline.device import open_device
from pipeline.errors import DeviceError
from pipeline.export import write_c_arrays
from pipeline.firmware import FirmwareImage, build_firmware
from pipeline.protocol.declared import FaultRecord
from tests.conftest import make_model

MODEL = make_model(4, widths=(33, 17))
ROW = np.zeros(MODEL.inputs, np.int8)


def image_of(folder: Path, flags: tuple[str, ...] = (), extra: str = "", target: str = "qemu") -> FirmwareImage:
    write_c_arrays(MODEL, board(target).core.variant, folder / "c", source_hash="0" * 64)
    if extra:
        (folder / "c" / "kws_extra.c").write_text(extra)
    return build_firmware(target, folder / "c", folder, flags=flags)


STORE = "*(volatile int *)0xDEAD0000u = 1"
UNDEFINED = "__builtin_trap()"


@pytest.mark.parametrize(
    ("target", "crash"),
    # all addresses of the MPS3 image exist
    [
        ("qemu", STORE),
        pytest.param("qemu_m3", STORE, marks=pytest.mark.slow),
        pytest.param("qemu_m7", STORE, marks=pytest.mark.slow),
        pytest.param("qemu_m33", STORE, marks=pytest.mark.slow),
        ("qemu_m55", UNDEFINED),
    ],
)
def test_a_crash_resets_the_board_and_leaves_a_record(tmp_path, target, crash):
    image = image_of(
        tmp_path,
        ("-Wl,--wrap=engine_invoke",),
        "#include <stdint.h>\nconst char *__wrap_engine_invoke(const int8_t *x, float *y);\n"
        "const char *__wrap_engine_invoke(const int8_t *x, float *y) {\n"
        "  *y = (float)*x;\n  " + crash + ";\n  return 0;\n}\n",
        target,
    )
    with open_device(target, image) as device:
        client = device.client
        assert client.command("FAULT").all(FaultRecord) == ()
        with pytest.raises(DeviceError, match=r"restarts at an inference .*count=4,pc="):
            client.run(ROW)
        fault = client.command("FAULT").one(FaultRecord)
        assert fault.count == 4
        if target != "qemu_m55":
            assert fault.address == 0xDEAD0000
        assert client.build().reset == "software"
        client.command("FAULT_CLEAR")
        assert client.command("FAULT").all(FaultRecord) == ()


def test_a_stack_overflow_is_caught_before_it_reaches_data(tmp_path):
    with open_device("qemu", image_of(tmp_path, ("-Wl,--defsym=__stack_size=448",))) as device:
        with pytest.raises(DeviceError, match="restarts at"):
            device.client.run(ROW)
        fault = device.client.command("FAULT").one(FaultRecord)
        assert fault.sp < 0x2000_0060  # the guard, or just above it


@pytest.mark.parametrize("target", ["qemu", pytest.param("qemu_m33", marks=pytest.mark.slow)])
def test_the_watchdog_ends_a_hang(tmp_path, target):
    image = image_of(
        tmp_path,
        ("-Wl,--wrap=engine_invoke",),
        "const char *__wrap_engine_invoke(const void *x, float *y);\n"
        "const char *__wrap_engine_invoke(const void *x, float *y) {\n"
        '  *y = 0;\n  while (x) {\n    __asm volatile("");\n  }\n  return 0;\n}\n',
        target,
    )
    with open_device(target, image) as device:
        link = device.client.link
        device.client.load(ROW)
        assert link.exchange(b"logits%", 60)[:1] == ["m-timestamp-mode-performance"]
        assert device.client.build().reset == "watchdog"


def test_an_idle_board_is_left_alone_by_its_watchdog(tmp_path):
    with open_device("qemu", image_of(tmp_path)) as device:
        time.sleep(9)
        assert device.client.build().reset == "power"
        assert device.client.restarts == 0


def test_a_long_measurement_is_left_alone_by_the_watchdog(tmp_path):
    """Twice as long as the watchdog's 4 s of 64 ns an instruction."""
    with open_device("qemu", image_of(tmp_path)) as device:
        client = device.client
        took = device.unit.of(client.run(ROW).ticks)
        lines = client.link.exchange(f"infer {round(8e9 / 64 / took)} 0%".encode(), 300)
        assert any("lap-us" in line for line in lines)
        assert client.build().reset == "power"
        first, last = (int(line.partition("lap-us-")[2]) for line in lines if "lap-us" in line)
        assert last - first > 7_000_000
