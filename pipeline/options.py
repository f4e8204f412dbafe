"""Command-line options that several commands share, and what they become."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click

from pipeline.boards import BOARDS
from pipeline.console import ask_keywords, console
from pipeline.corpus.folder import words_in
from pipeline.errors import UsageError
from pipeline.files import locked
from pipeline.flashing.hardware_map import MappedBoard, load_hardware_map
from pipeline.progress import Progress
from pipeline.stages import Stages
from pipeline.workflow.data import Data
from pipeline.workflow.device import Aim
from pipeline.workflow.recipes import choose_recipe, fitting_recipe
from pipeline.workflow.run import BIT_WIDTHS

PATH = click.Path(path_type=Path)
Command = Callable[..., Any]


@dataclass(frozen=True)
class DataOptions:
    """What to train and test on, and where results go."""

    recipe: str | None
    keywords: str | None
    data: Path | None
    test_data: Path | None
    negatives: Path | None
    out: Path | None
    cache: Path
    yes: bool = False

    def load(self, progress: Progress, budget: float | None = None) -> Data:
        """The corpus that the options name; on a terminal, words that nothing names are asked for.

        Args:
            budget: of false accepts per hour, in place of the recipe's.

        Raises:
            RecipeError, UsageError: see ``choose_recipe``.
        """
        keywords = self.keywords
        if self.data is not None and self.recipe is None and keywords is None and not self.yes and _can_ask():
            keywords = ask_keywords(console, words_in(self.data)) if fitting_recipe(self.data) is None else None
        recipe = choose_recipe(self.recipe, self.data, keywords)
        if budget is not None:
            recipe = recipe.model_copy(update={"tuning": recipe.tuning.model_copy(update={"budget": budget})})
        return Data(recipe, self.data, self.test_data, self.cache, progress, self.negatives)

    @contextmanager
    def stages(self, name: str, progress: Progress) -> Iterator[Stages]:
        """The stages of a run of that name, alone in its output folder."""
        folder = self.out or Path("out") / name
        with locked(folder, progress):
            yield Stages(folder, progress)


@dataclass(frozen=True)
class BoardOptions:
    """What to test on: the target's emulator, or real boards."""

    target: str
    port: str | None = None
    usb_serial: str | None = None
    probe: str | None = None
    flash: bool = False
    hardware_map: Path | None = None

    def aim(self, tflm_root: Path | None = None) -> Aim:
        """The boards that the options name.

        Raises:
            UsageError: options that do not go together, or a hardware map that cannot be used.
        """
        target, port, usb_serial = self.target, self.port, self.usb_serial
        if self.hardware_map is not None:
            if port or usb_serial or self.probe:
                raise UsageError("--hardware-map names the boards", "leave --port, --usb-serial and --probe out")
            return Aim(load_hardware_map(self.hardware_map), self.flash, tflm_root)
        if port is None and usb_serial is None:
            if self.flash or self.probe:
                raise UsageError("--flash needs to know the board", "name its --port or --usb-serial (see: doctor)")
            return Aim((MappedBoard(name=target, target=target, emulated=True),), tflm_root=tflm_root)
        if port is not None and usb_serial is not None:
            raise UsageError("--port and --usb-serial both name the board", "leave one out")
        board = MappedBoard(name="board", target=target, port=port, usb_serial=usb_serial, probe=self.probe)
        return Aim((board,), self.flash, tflm_root)


def _can_ask() -> bool:
    return sys.stdin.isatty() and console.is_terminal


def gathered(kind: type, parameter: str, *options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Adds options to a command, which gets them all as one ``parameter`` of a dataclass with a field for each."""

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def wrapper(*arguments: Any, **values: Any) -> Any:
            values[parameter] = kind(**{field.name: values.pop(field.name) for field in fields(kind)})
            return command(*arguments, **values)

        whole: Command = wrapper
        for option in reversed(options):
            whole = option(whole)
        return whole

    return decorate


bits_option = click.option(
    "--weight-bits", "bits", type=click.Choice(BIT_WIDTHS), default=4, show_default=True,
    help="Width of the weights that go onto the device; blocks of a recipe may have their own.",
)  # fmt: skip
target_option = click.option(
    "--target", type=click.Choice(list(BOARDS)), default="qemu", show_default=True,
    help="Board: qemu is an emulated Cortex-M4F, nano33 the Arduino Nano 33 BLE, host this computer.",
)  # fmt: skip
data_options = gathered(
    DataOptions,
    "options",
    click.option("--recipe", metavar="FILE", help="What to train: a TOML file, or the name of one in models/."),
    click.option("--keywords", metavar="WORD,WORD", help="Words and phrases to listen for, instead of the recipe's."),
    click.option("--data", type=PATH, metavar="DIR", help="Recordings: wav or flac, one folder per word."),
    click.option(
        "--test-data", type=PATH, metavar="DIR", help="Recordings to test on instead of the corpus's test split."
    ),
    click.option(
        "--negatives", type=PATH, metavar="DIR",
        help="Speech without the keywords, to train on: wav or flac of any length.",
    ),
    click.option("--out", type=PATH, metavar="DIR", help="Where results go. [default: out/NAME OF THE RECIPE]"),
    click.option(
        "--cache", type=PATH, metavar="DIR", default=Path("out/cache"), show_default=True,
        help="Decoded and synthesised speech, shared by all runs.",
    ),
    click.option("--yes", is_flag=True, help="Ask nothing, in scripts on a terminal."),
)  # fmt: skip
board_options = gathered(
    BoardOptions,
    "boards",
    target_option,
    click.option("--port", metavar="PORT", help="Serial port of a real board, instead of the target's emulator."),
    click.option("--usb-serial", metavar="ID", help="The same by USB serial number, wherever it is plugged in."),
    click.option("--probe", metavar="ID", help="Debug probe (`pyocd list`) that flashes the board at --port."),
    click.option("--flash", is_flag=True, help="Write the image to the real board first."),
    click.option("--hardware-map", type=PATH, metavar="FILE", help="Several boards at once: see docs/nano33.md."),
)
