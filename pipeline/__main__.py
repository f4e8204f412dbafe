"""``dynq``, the same as ``python -m pipeline``: every command under one name."""

from __future__ import annotations

import click

from pipeline import __version__
from pipeline.board import main as board
from pipeline.build import main as build
from pipeline.listen import main as listen


@click.group()
@click.version_option(__version__, prog_name="dynq")
def main() -> None:
    """From recorded speech to a low-bit keyword spotter on a Cortex-M board, proved bit for bit.

    `dynq COMMAND` is `python -m pipeline.build COMMAND`, `dynq build`, `dynq board` and `dynq listen` are
    `python -m pipeline.build`, `python -m pipeline.board` and `python -m pipeline.listen`.
    """


main.add_command(build, "build")
main.add_command(board, "board")
main.add_command(listen, "listen")
for _name, _command in build.commands.items():
    main.add_command(_command, _name)

if __name__ == "__main__":
    main()
