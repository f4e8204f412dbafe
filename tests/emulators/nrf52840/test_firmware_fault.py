"""The product's firmware, broken on purpose, on the virtual board: the test stops with the line that did it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.boards import board
from pipeline.device import open_device
from pipeline.device.client import Client
from pipeline.device.link import Link
from pipeline.emulators import nrf52840
from pipeline.errors import DeviceError
from pipeline.export import write_c_arrays
from pipeline.firmware import FirmwareImage, build_firmware
from pipeline.protocol.declared import FaultRecord
from tests.conftest import make_model

MODEL = make_model(4)
ROW = np.zeros(MODEL.inputs, np.int8)
WILD = """
#include <stdint.h>
const char *__wrap_engine_invoke(const int8_t *x, float *y);
const char *__wrap_engine_invoke(const int8_t *x, float *y) {
  *y = (float)*x;
  *(volatile int *)0x60000000u = 1;
  return 0;
}
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> FirmwareImage:
    folder = tmp_path_factory.mktemp("wild")
    write_c_arrays(MODEL, board("nano33").core.variant, folder / "c", source_hash="0" * 64)
    (folder / "c" / "kws_wild.c").write_text(WILD)
    return build_firmware("nano33", folder / "c", folder, flags=("-Wl,--wrap=engine_invoke",))


def test_wild_pointer_stops_the_test_with_its_line(image: FirmwareImage) -> None:
    with pytest.raises(DeviceError) as error, open_device("nano33", image) as device:
        device.client.run(ROW)
    assert "write where nothing is: 0x60000000" in error.value.message
    assert "__wrap_engine_invoke (kws_wild.c:6)" in error.value.message
    assert "main (main.c:" in error.value.message


def test_delivered_to_the_firmware_it_is_told_by_fault(image: FirmwareImage, tmp_path: Path) -> None:
    with nrf52840.start(image.elf, deliver_faults=True) as chip, Link(chip.port) as link:
        link.resynchronise(10)
        client = Client(link)
        assert client.command("FAULT").all(FaultRecord) == ()
        with pytest.raises(DeviceError, match="restarts at an inference every time"):
            client.run(ROW)
        record = client.command("FAULT").one(FaultRecord)
        assert record.address == 0x60000000
        assert record.count > 1
        assert client.build().reset == "software"
        client.command("FAULT_CLEAR")
        assert client.command("FAULT").all(FaultRecord) == ()
