"""The list of mutants: ``mutants.toml`` beside this file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UsageError

CATALOGUE = Path(__file__).with_name("mutants.toml")


@dataclass(frozen=True)
class Mutant:
    """One mistake.

    Attributes:
        name: unique.
        file: that it is in, from the root of the tree.
        old: text that occurs there exactly once.
        new: what replaces it.
        tests: pytest's names of tests of which at least one must fail.
    """

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def mutated(self, tree: Path) -> str:
        """The file's text with the mistake in it.

        Raises:
            UsageError: the file is not there, or the old text is not there exactly once.
        """
        path = tree / self.file
        text = path.read_text("utf-8") if path.is_file() else ""
        if text.count(self.old) != 1:
            raise UsageError(
                f"mutant {self.name}: {self.file} holds its old text {text.count(self.old)} times",
                f"bring {CATALOGUE.name} up to date with the code",
            )
        return text.replace(self.old, self.new)


def load_catalogue(path: Path = CATALOGUE) -> tuple[Mutant, ...]:
    """Reads a list of mutants.

    Raises:
        UsageError: two of them have one name, or a mutant lacks something or changes nothing.
    """
    mutants = []
    for row in tomllib.loads(path.read_text("utf-8"))["mutant"]:
        try:
            mutant = Mutant(**{**row, "tests": tuple(row["tests"])})
        except (KeyError, TypeError) as error:
            raise UsageError(f"{path}: mutant {row.get('name', '?')}: {error}", "see its neighbours") from None
        if mutant.old == mutant.new or not mutant.tests:
            raise UsageError(f"{path}: mutant {mutant.name} changes nothing, or names no tests", "see its neighbours")
        mutants.append(mutant)
    if len({mutant.name for mutant in mutants}) != len(mutants):
        raise UsageError(f"{path}: a name is there twice", "each mutant has a name of its own")
    return tuple(mutants)
