"""A folder's table of its recordings: ``metadata.csv``."""

from __future__ import annotations

import csv
from pathlib import Path

from pipeline.errors import CorpusError

TABLE = "metadata.csv"


def read_table(folder: Path, column: str) -> dict[str, str] | None:
    """What a column of a folder's table says of each recording, in the table's order; None without a table.

    Keys are paths relative to the folder, with forward slashes.

    Raises:
        CorpusError: the table cannot be read, lacks the column ``file`` or ``column``, or names a recording twice.
    """
    path = folder / TABLE
    if not path.is_file():
        return None
    said: dict[str, str] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            if not {"file", column} <= set(reader.fieldnames or ()):
                raise CorpusError(
                    f"{path} is no list of recordings: it has the columns {', '.join(reader.fieldnames or ('none',))}",
                    f"its columns are file and {column} (docs/data.md); rename it if it tells of something else",
                )
            for row in reader:
                name = Path(row["file"] or "").as_posix()
                if name in said:
                    raise CorpusError(f"{path} names {name} twice", "take one of its lines out")
                said[name] = row[column] or ""
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CorpusError(f"{path} is not a readable CSV file: {error}", "fix or delete it") from None
    return said
