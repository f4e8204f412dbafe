"""``python -m lab.bench``: instruction counts of the kernels on emulated cores."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from lab.bench.cores import CORES, core_named
from lab.bench.image import run_tool, tool
from lab.bench.peers import find_peer
from lab.bench.report import committed, from_json, is_peer, regressions, to_json, to_markdown
from lab.bench.suite import run_peer, run_suite
from pipeline.console import RichProgress, console, guarded
from pipeline.cores import ARM_TOOLCHAIN
from pipeline.emulators import qemu
from pipeline.errors import KwsError, UsageError
from pipeline.files import write_text
from pipeline.layers.dense_layout import DEVICE_BITS
from pipeline.project import PROJECT

DOCS = PROJECT / "docs" / "bench"


class Regression(KwsError):
    """A figure that grew past the tolerance."""


def _versions() -> dict[str, str]:
    gcc = run_tool([tool(f"{ARM_TOOLCHAIN}gcc"), "-dumpfullversion"], "asking the compiler's version").strip()
    emulator = run_tool([tool(qemu.PROGRAM), "--version"], "asking the emulator's version").split()[3]
    return {"GCC": gcc, "QEMU": emulator}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--core",
    "cores",
    multiple=True,
    metavar="NAME",
    help=f"Core to measure; may be given again. One of {', '.join(CORES)}. Default: all.",
)
@click.option(
    "--bits",
    multiple=True,
    type=click.Choice([str(bits) for bits in DEVICE_BITS]),
    help="Weight bits; may be given again. Default: all.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=DOCS,
    show_default="docs/bench",
    help="Folder for kernels.json and kernels.md.",
)
@click.option(
    "--baseline",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Figures to compare with. Default: the last committed kernels.json.",
)
@click.option(
    "--tolerance", type=click.FloatRange(0), default=0.01, show_default=True, help="Growth from which --check fails."
)
@click.option(
    "--cmsis-nn",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Checkout of CMSIS-NN, measured in the same images. Without it, its committed figures stay.",
)
@click.option("--check", is_flag=True, help="Write nothing; fail when a figure grew.")
@guarded()
def main(
    cores: tuple[str, ...],
    bits: tuple[str, ...],
    out: Path,
    baseline: Path | None,
    tolerance: float,
    cmsis_nn: Path | None,
    check: bool,
) -> None:
    """Counts what the kernels execute: every core, bit width and shape, and a whole model.

    Results are verified against the numpy reference to the last bit before they are counted. Without options this takes
    about two minutes and writes docs/bench.
    """
    partial = bool(cores or bits)
    if partial and out == DOCS and not check:
        raise UsageError("part of the figures would replace all of them in docs/bench", "add --check, or --out FOLDER")
    before = from_json(baseline.read_text(), str(baseline)) if baseline else committed(DOCS / "kernels.json")
    versions = _versions()
    chosen, widths = [core_named(name) for name in cores or CORES], [int(b) for b in bits] or DEVICE_BITS
    peer = find_peer(cmsis_nn) if cmsis_nn else None
    started = time.monotonic()
    with TemporaryDirectory(prefix="dynq") as folder:
        rows = run_suite(chosen, widths, Path(folder), progress=RichProgress(console))
        if peer:
            rows += run_peer(peer, chosen, widths, Path(folder), progress=RichProgress(console))
        elif not partial:
            rows += [row for row in before.values() if is_peer(row)]
    worse = regressions(rows, before, tolerance)
    if not check:
        write_text(out / "kernels.json", to_json(rows, versions))
        write_text(out / "kernels.md", to_markdown(rows, before, versions))
        console.print(f"{len(rows)} figures: {out / 'kernels.md'}")
    for line in worse:
        console.print(line)
    if worse and check:
        raise Regression(f"{len(worse)} figures grew", "make bench writes the new ones, if this is meant")
    grew = f"{len(worse)} figures grew" if worse else "no figure grew"
    console.print(f"{grew}; {len(rows)} took {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
