"""Command-line options that several commands share, and what they become."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from pipeline.boards import BOARDS
from pipeline.errors import UsageError
from pipeline.flashing.hardware_map import MappedBoard, load_hardware_map
from pipeline.progress import Progress
from pipeline.workflow.data import Data
from pipeline.workflow.device import Aim
from pipeline.workflow.recipes import choose_recipe
from pipeline.workflow.run import BIT_WIDTHS

PATH = click.Path(path_type=Path)

_DATA = (
    click.option("--recipe", metavar="FILE", help="What to train: a TOML file, or the name of one in models/."),
    click.option("--keywords", metavar="WORD,WORD", help="Words to listen for, instead of the recipe's."),
    click.option("--data", type=PATH, metavar="DIR", help="Recordings: wav or flac, one folder per word."),
    click.option(
        "--test-data", type=PATH, metavar="DIR", help="Recordings to test on instead of the corpus's test split."
    ),
    click.option("--out", type=PATH, metavar="DIR", help="Where results go. [default: out/NAME OF THE RECIPE]"),
    click.option(
        "--cache", type=PATH, metavar="DIR", default=Path("out/cache"), show_default=True,
        help="Decoded and synthesised speech, shared by all runs.",
    ),
)  # fmt: skip
_BOARD = (
    click.option("--port", metavar="PORT", help="Serial port of a real board, instead of the target's emulator."),
    click.option("--usb-serial", metavar="ID", help="The same by USB serial number, wherever it is plugged in."),
    click.option("--probe", metavar="ID", help="Debug probe (`pyocd list`) that flashes the board at --port."),
    click.option("--flash", is_flag=True, help="Write the image to the real board first."),
    click.option("--hardware-map", type=PATH, metavar="FILE", help="Several boards at once: see docs/nano33.md."),
)


def _together(options: tuple[Callable[..., Any], ...]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return lambda command: functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), command)


data_options = _together(_DATA)
board_options = _together(_BOARD)
bits_option = click.option(
    "--weight-bits", "bits", type=click.Choice([str(b) for b in BIT_WIDTHS]), default="4", show_default=True,
    help="Width of the weights that go onto the device.",
)  # fmt: skip
target_option = click.option(
    "--target", type=click.Choice(list(BOARDS)), default="qemu", show_default=True,
    help="Board: qemu is an emulated Cortex-M4F, nano33 the Arduino Nano 33 BLE, host this computer.",
)  # fmt: skip


def make_data(
    recipe: str | None,
    keywords: str | None,
    data: Path | None,
    test_data: Path | None,
    cache: Path,
    progress: Progress,
) -> Data:
    """The corpus that the data options name.

    Raises:
        RecipeError, UsageError: see ``choose_recipe``.
    """
    words = tuple(word.strip() for word in keywords.split(",") if word.strip()) if keywords else ()
    return Data(choose_recipe(recipe, data, words), data, test_data, cache, progress)


def output_folder(out: Path | None, name: str) -> Path:
    """Where a run of that name keeps its report and its stages."""
    return out or Path("out") / name


def make_aim(
    target: str,
    port: str | None,
    usb_serial: str | None,
    probe: str | None,
    flash: bool,
    hardware_map: Path | None,
    tflm_root: Path | None,
) -> Aim:
    """The boards that the board options name: real ones, or the target's emulator.

    Raises:
        UsageError: options that do not go together, or a hardware map that cannot be used.
    """
    if hardware_map is not None:
        if port or usb_serial or probe:
            raise UsageError("--hardware-map names the boards", "leave --port, --usb-serial and --probe out")
        return Aim(load_hardware_map(hardware_map), flash, tflm_root)
    if port is None and usb_serial is None:
        if flash or probe:
            raise UsageError("--flash needs to know the board", "name its --port or --usb-serial (see: doctor)")
        return Aim((MappedBoard(name=target, target=target, emulated=True),), tflm_root=tflm_root)
    if port is not None and usb_serial is not None:
        raise UsageError("--port and --usb-serial both name the board", "leave one out")
    board = MappedBoard(name="board", target=target, port=port, usb_serial=usb_serial, probe=probe)
    return Aim((board,), flash, tflm_root)
