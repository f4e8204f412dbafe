"""The Cortex-M4's memory protection unit: registers, and what they amount to. Accesses are not held against it."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.emulators.nrf52840.peripherals import UnmodelledRegister

REGIONS = 8


class ShadowedRegion(Exception):
    """A region that forbids all access, where one of a higher number allows it: that one counts."""


@dataclass(frozen=True)
class Region:
    """One region, by its registers."""

    base: int = 0
    attributes: int = 0

    @property
    def end(self) -> int:
        """First address behind it; its first where it is off."""
        return self.base + (2 << (self.attributes >> 1 & 0x1F) if self.attributes & 1 else 0)

    @property
    def forbids(self) -> bool:
        """Whether nothing may be read or written there."""
        return self.attributes >> 24 & 7 == 0


BOOTLOADER = (Region(0, 0x02020027), Region(0x20000000, 0x110B0023))
"""What the Nano 33 BLE's bootloader leaves, turned on: all of flash, and all of RAM, from which no code may run."""


class Mpu:
    """Eight regions.

    Raises:
        ShadowedRegion: from :meth:`write`, when what a region forbids is allowed by another.
    """

    TYPE, CTRL, RNR, RBAR, RASR = 0xD90, 0xD94, 0xD98, 0xD9C, 0xDA0
    _VALID = 1 << 4  # of RBAR: it names the region too
    _ENABLE, _DEFAULT_MAP = 1, 4  # of CTRL

    def __init__(self) -> None:
        self.reset()

    def reset(self, left: tuple[Region, ...] = ()) -> None:
        """All off, or turned on with what a bootloader has left."""
        self.regions = [*left, *[Region()] * (REGIONS - len(left))]
        self._control = self._ENABLE | self._DEFAULT_MAP if left else 0
        self._number = 0

    def read(self, offset: int) -> int:
        region = self.regions[self._number]
        registers = {
            self.TYPE: REGIONS << 8,
            self.CTRL: self._control,
            self.RNR: self._number,
            self.RBAR: region.base | self._number,
            self.RASR: region.attributes,
        }
        if offset not in registers:
            raise UnmodelledRegister("MPU", offset)
        return registers[offset]

    def write(self, offset: int, value: int) -> None:
        if offset == self.CTRL:
            self._control = value
        elif offset == self.RNR:
            self._number = value % REGIONS
        elif offset == self.RBAR:
            if value & self._VALID:
                self._number = value % REGIONS
            self.regions[self._number] = Region(value & ~0x1F, self.regions[self._number].attributes)
        elif offset == self.RASR:
            self.regions[self._number] = Region(self.regions[self._number].base, value)
        elif offset != self.TYPE:
            raise UnmodelledRegister("MPU", offset)
        if self._control & self._ENABLE:
            self._check()

    def _check(self) -> None:
        for number, region in enumerate(self.regions):
            for above, other in enumerate(self.regions[number + 1 :], number + 1):
                if region.forbids and not other.forbids and region.base < other.end and other.base < region.end:
                    raise ShadowedRegion(
                        f"MPU region {number} forbids 0x{region.base:08x} to 0x{region.end - 1:08x}, "
                        f"region {above} allows it"
                    )
