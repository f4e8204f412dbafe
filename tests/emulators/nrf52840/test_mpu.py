"""The memory protection unit as the firmware finds it: where regions overlap, the higher number counts."""

from __future__ import annotations

import pytest

from pipeline.emulators.nrf52840.mpu import BOOTLOADER, Mpu, Region, ShadowedRegion
from pipeline.emulators.nrf52840.peripherals import UnmodelledRegister

GUARD = 0x1000000B  # no access, no code, 64 bytes
RAM = 0x20000000


def guard(mpu: Mpu, number: int) -> None:
    """What the firmware does: off, a region by its number, on."""
    for offset, value in ((Mpu.CTRL, 0), (Mpu.RBAR, RAM | 1 << 4 | number), (Mpu.RASR, GUARD), (Mpu.CTRL, 5)):
        mpu.write(offset, value)


def test_regions_are_what_their_registers_say() -> None:
    flash, ram = BOOTLOADER
    assert (flash.base, flash.end, flash.forbids) == (0, 0x100000, False)
    assert (ram.base, ram.end, ram.forbids) == (RAM, 0x20040000, False)
    assert (Region(RAM, GUARD).end, Region(RAM, GUARD).forbids) == (RAM + 64, True)
    assert Region(RAM, GUARD & ~1).end == RAM


def test_a_guard_below_what_a_bootloader_left_guards_nothing() -> None:
    mpu = Mpu()
    mpu.reset(BOOTLOADER)
    assert (mpu.read(Mpu.TYPE) >> 8 & 0xFF, mpu.read(Mpu.CTRL)) == (8, 5)
    with pytest.raises(ShadowedRegion, match="region 0 forbids 0x20000000 to 0x2000003f, region 1 allows it"):
        guard(mpu, 0)


@pytest.mark.parametrize("number", [1, 2, 7])
def test_a_guard_of_a_higher_number_or_alone_is_one(number: int) -> None:
    mpu = Mpu()
    mpu.reset(BOOTLOADER)
    guard(mpu, number)
    assert mpu.read(Mpu.RBAR) == RAM | number
    assert mpu.read(Mpu.RASR) == GUARD
    mpu.write(Mpu.CTRL, 0)
    for other in range(8):
        mpu.write(Mpu.RNR, other)
        mpu.write(Mpu.RASR, 0)
    guard(mpu, 0)


def test_a_region_that_is_changed_while_the_unit_is_on_is_looked_at_too() -> None:
    mpu = Mpu()
    guard(mpu, 0)
    mpu.write(Mpu.RNR, 3)
    mpu.write(Mpu.RBAR, RAM)
    with pytest.raises(ShadowedRegion, match="region 3 allows it"):
        mpu.write(Mpu.RASR, BOOTLOADER[1].attributes)


def test_other_registers_are_not_there() -> None:
    with pytest.raises(UnmodelledRegister):
        Mpu().read(0xDA4)
    with pytest.raises(UnmodelledRegister):
        Mpu().write(0xDA4, 0)
