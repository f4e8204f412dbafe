"""The cores that firmware is built for: what the compiler must be told, and what it makes of the kernels.

The one table of cores. PlatformIO's builder (``firmware/platform``) reads it in a process of its own, so nothing beyond
the standard library is imported here.
"""

from __future__ import annotations

from dataclasses import dataclass

ARM_TOOLCHAIN = "arm-none-eabi-"
"""How the names of the Arm compiler's programs begin."""


@dataclass(frozen=True)
class Core:
    """One core.

    Attributes:
        cpu: GCC's ``-mcpu``, or "host" for the computer that builds.
        title: for people; F says that images use the FPU.
        variant: kernels that the compiler's feature macros select (firmware/lib/dynq/dynq_variant.h).
        architecture: of the Arm ABI's build attributes, such as "v7E-M"; empty for the host.
        fpu: GCC's ``-mfpu`` where floats travel in its registers, "auto" where ``-mcpu`` implies it; None: soft floats.
    """

    cpu: str
    title: str
    variant: str
    architecture: str = ""
    fpu: str | None = None

    @property
    def name(self) -> str:
        """Short name, as in the bench: "m4"."""
        return self.cpu.removeprefix("cortex-")

    @property
    def is_host(self) -> bool:
        """Whether images are programs of the computer that builds them."""
        return not self.architecture

    @property
    def flags(self) -> tuple[str, ...]:
        """What every compiler and linker call for this core needs."""
        if self.is_host:
            return ()
        floats = ("-mfloat-abi=soft",) if self.fpu is None else ("-mfloat-abi=hard", f"-mfpu={self.fpu}")
        # without the last one, inline assembly for ARMv6-M would follow older rules
        return (f"-mcpu={self.cpu}", "-mthumb", *floats, "-masm-syntax-unified")

    @property
    def toolchain(self) -> str:
        """Prefix of the compiler's programs."""
        return "" if self.is_host else ARM_TOOLCHAIN

    @property
    def packages(self) -> str:
        """Debian packages of the compiler."""
        return "gcc libc6-dev" if self.is_host else "gcc-arm-none-eabi libnewlib-arm-none-eabi"


CORES: dict[str, Core] = {
    core.cpu: core
    for core in (
        Core("host", "this computer", "reference"),
        Core("cortex-m0", "Cortex-M0", "scalar", "v6S-M"),
        Core("cortex-m0plus", "Cortex-M0+", "scalar", "v6S-M"),
        Core("cortex-m3", "Cortex-M3", "scalar", "v7-M"),
        Core("cortex-m4", "Cortex-M4F", "cortex_m4_dsp", "v7E-M", "fpv4-sp-d16"),
        Core("cortex-m7", "Cortex-M7F", "cortex_m4_dsp", "v7E-M", "fpv5-sp-d16"),
        Core("cortex-m33", "Cortex-M33F", "cortex_m4_dsp", "v8-M.mainline", "fpv5-sp-d16"),
        Core("cortex-m55", "Cortex-M55F", "mve", "v8.1-M.mainline", "auto"),
    )
}
"""By ``cpu``."""
