"""The emulated cores that kernels run on, from the table of boards."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline import cores
from pipeline.boards import BOARDS
from pipeline.errors import UsageError


@dataclass(frozen=True)
class Core:
    """A core, the QEMU machine that has it, and where code, job blob and RAM go there.

    Attributes:
        name: short name, as in reports.
        cpu: GCC's ``-mcpu``.
        flags: of the compiler.
        variant: the kernels that it gets.
        machine: QEMU's ``-M``.
        code: origin and length in bytes of the memory that holds the image.
        blob: origin and length of the memory that holds the jobs.
        ram: origin and length of the memory for buffers and stack.
    """

    name: str
    cpu: str
    flags: tuple[str, ...]
    variant: str
    machine: str
    code: tuple[int, int]
    blob: tuple[int, int]
    ram: tuple[int, int]

    @property
    def max_outputs(self) -> int:
        """Most outputs of one job."""
        return 4096 if self.ram[1] > 0x4000 else 512


CORES: dict[str, Core] = {
    core.name: Core(
        core.name,
        core.cpu,
        core.flags,
        core.variant,
        board.machine,
        board.memory.code,
        board.memory.data,
        board.memory.ram,
    )
    for core in cores.CORES.values()
    for board in BOARDS.values()
    if board.core is core and board.memory is not None
}


def core_named(name: str) -> Core:
    """Looks a core up.

    Raises:
        UsageError: there is none of this name.
    """
    if name not in CORES:
        raise UsageError(f"no core {name!r}", f"cores: {', '.join(CORES)}")
    return CORES[name]
