"""The emulated cores that kernels run on."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.errors import UsageError
from pipeline.quantization.packing import native_variant

FPV4 = ("-mfloat-abi=hard", "-mfpu=fpv4-sp-d16")
FPV5 = ("-mfloat-abi=hard", "-mfpu=fpv5-sp-d16")
SOFT = ("-mfloat-abi=soft",)


@dataclass(frozen=True)
class Core:
    """A core, the QEMU machine that has it, and where code, job blob and RAM go there.

    Attributes:
        name: short name, as in reports.
        cpu: GCC's ``-mcpu``.
        flags: further compiler flags.
        machine: QEMU's ``-M``.
        code: origin and length in bytes of the memory that holds the image.
        blob: origin and length of the memory that holds the jobs.
        ram: origin and length of the memory for buffers and stack.
        max_outputs: most outputs of one job.
    """

    name: str
    cpu: str
    flags: tuple[str, ...]
    machine: str
    code: tuple[int, int]
    blob: tuple[int, int]
    ram: tuple[int, int]
    max_outputs: int = 4096

    @property
    def variant(self) -> str:
        return native_variant(self.cpu)


CORES: dict[str, Core] = {
    core.name: core
    for core in (
        Core(
            "m0",
            "cortex-m0",
            SOFT,
            "microbit",
            code=(0, 0x8000),
            blob=(0x8000, 0x38000),
            ram=(0x2000_0000, 0x4000),
            max_outputs=512,
        ),
        Core(
            "m3",
            "cortex-m3",
            SOFT,
            "mps2-an385",
            code=(0, 1 << 20),
            blob=(0x2100_0000, 16 << 20),
            ram=(0x2000_0000, 1 << 20),
        ),
        Core(
            "m4",
            "cortex-m4",
            FPV4,
            "mps2-an386",
            code=(0, 1 << 20),
            blob=(0x2100_0000, 16 << 20),
            ram=(0x2000_0000, 1 << 20),
        ),
        Core(
            "m7",
            "cortex-m7",
            FPV5,
            "mps2-an500",
            code=(0, 1 << 20),
            blob=(0x6000_0000, 16 << 20),
            ram=(0x2000_0000, 1 << 20),
        ),
        # secure aliases: the core starts in secure state and stays there
        Core(
            "m33",
            "cortex-m33",
            FPV5,
            "mps2-an505",
            code=(0x1000_0000, 1 << 20),
            blob=(0x8000_0000, 16 << 20),
            ram=(0x3820_0000, 1 << 20),
        ),
        Core(
            "m55",
            "cortex-m55",
            ("-mfloat-abi=hard",),
            "mps3-an547",
            code=(0, 0x80000),
            blob=(0x6000_0000, 16 << 20),
            ram=(0x2000_0000, 0x80000),
        ),
    )
}


def core_named(name: str) -> Core:
    """Looks a core up.

    Raises:
        UsageError: there is none of this name.
    """
    if name not in CORES:
        raise UsageError(f"no core {name!r}", f"cores: {', '.join(CORES)}")
    return CORES[name]
