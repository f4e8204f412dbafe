"""``dynq``: every command under one name."""

from __future__ import annotations

import click

from pipeline import __version__
from pipeline.board import main as board
from pipeline.build import main as build
from pipeline.experiment import main as experiment
from pipeline.listen import main as listen
from pipeline.record import main as record
from pipeline.search import main as search
from pipeline.tune import main as tune


@click.group()
@click.version_option(__version__, prog_name="dynq")
def main() -> None:
    """From recorded speech to a low-bit keyword spotter on a Cortex-M board, proved bit for bit.

    `dynq COMMAND` is `python -m pipeline.build COMMAND`; `dynq build`, `board`, `experiment`, `listen`, `record`,
    `search` and `tune` are `python -m pipeline.build`, `pipeline.board` and so on.
    """


main.add_command(build, "build")
main.add_command(board, "board")
main.add_command(experiment, "experiment")
main.add_command(listen, "listen")
main.add_command(record, "record")
main.add_command(search, "search")
main.add_command(tune, "tune")
for _name, _command in build.commands.items():
    main.add_command(_command, _name)
