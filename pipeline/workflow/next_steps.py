"""What a user does next with a run's results: commands to type, files to open."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.boards import BOARDS, board
from pipeline.invocation import typed
from pipeline.report import ConditionRow, Next, SplitRow, WordRow, advice
from pipeline.report.listening import Tuned


@dataclass(frozen=True)
class Results:
    """The files of a run.

    Attributes:
        folder: of the report.
        model: ``.tflite`` as the user finds it.
        graph: reference graph of built-in operators; it need not be there.
        twin: float network; it need not be there either.
        elf: image of ``target``.
        arrays: the model in C, as that image holds it.
        recordings: that were tested on; None for synthesised speech.
    """

    folder: Path
    model: Path
    graph: Path
    twin: Path
    elf: Path
    arrays: Path
    target: str
    recordings: Path | None

    def next(
        self, words: Sequence[WordRow], test: SplitRow, conditions: Sequence[ConditionRow], tuned: Tuned | None
    ) -> Next:
        """Commands, files and advice for the report."""
        return Next(self._commands(), self._files(), advice(words, test, conditions, tuned))

    def _commands(self) -> tuple[tuple[str, str], ...]:
        chosen = board(self.target)
        if not chosen.is_hardware:
            chosen = next(other for other in BOARDS.values() if other.usb is not None)
        data = ["--data", str(self.recordings)] if self.recordings is not None else []
        port = ["--port", "PORT", *(() if chosen.usb else ("--probe", "ID")), "--flash"]
        model = ["--model", str(self.model)]
        return (
            (
                "Listen to a recording (or to the microphone: mic in place of FILE.wav):",
                typed("listen", "FILE.wav", *model),
            ),
            (
                "Choose its thresholds by false accepts per hour, on streams of speech:",
                typed("tune", *model, *data),
            ),
            (
                f"Put it on a real board ({chosen.title}) and test it there:",
                typed("build", *model, *data, "--target", chosen.target, *port),
            ),
        )

    def _files(self) -> tuple[tuple[str, str], ...]:
        named = (
            ("model with custom operators (.tflite)", self.model),
            ("the same in built-in operators (.tflite)", self.graph),
            ("float network in built-in operators (.tflite)", self.twin),
            ("C arrays", self.arrays),
            ("image (.elf)", self.elf),
        )
        return tuple(
            (what, Path(os.path.relpath(path, self.folder)).as_posix()) for what, path in named if path.is_file()
        )
