"""Options of the commands that train many networks, and what they become."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from pipeline.experiments.cells import Place
from pipeline.experiments.workers import Runner, on_processes, on_ray
from pipeline.options import PATH, Command, gathered


@dataclass(frozen=True)
class Trainings:
    """What to train on, where results go, and what trains; ``out`` as it was typed."""

    data: Path | None
    negatives: Path | None
    out: Path
    cache: Path
    workers: int
    ray: str | None

    @property
    def place(self) -> Place:
        """The same for workers, which may have another current folder."""
        data, negatives = (None if path is None else path.absolute() for path in (self.data, self.negatives))
        return Place(data, negatives, self.cache.absolute(), self.out.absolute())

    def runner(self) -> Runner:
        """What runs cells.

        Raises:
            ToolchainError: Ray is not installed, or there is no such cluster.
        """
        return on_ray(self.ray) if self.ray else on_processes(self.workers)


def training_options(out: Path, results: str, at_once: str) -> Callable[[Command], Command]:
    """Adds the options to a command, which gets them as ``trainings``.

    Args:
        out: where results go by default.
        results: help of ``--out``.
        at_once: what ``--workers`` counts.
    """
    cores = os.cpu_count() or 1
    return gathered(
        Trainings,
        "trainings",
        click.option("--data", type=PATH, metavar="DIR", help="Recordings, for recipes that train on a folder."),
        click.option("--negatives", type=PATH, metavar="DIR", help="Speech without the keywords, to train on."),
        click.option("--out", type=PATH, metavar="DIR", default=out, show_default=True, help=results),
        click.option(
            "--cache", type=PATH, metavar="DIR", default=Path("out/cache"), show_default=True, help="Decoded speech."
        ),
        click.option(
            "--workers", type=click.IntRange(1), default=cores, show_default="cores",
            help=f"{at_once}; each takes one core.",
        ),
        click.option("--ray", metavar="ADDRESS", help="Train on a Ray cluster instead: HOST:PORT, auto, or local."),
    )  # fmt: skip
