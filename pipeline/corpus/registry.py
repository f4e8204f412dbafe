"""Every source of speech, by its name in a recipe."""

from __future__ import annotations

from pipeline.corpus import download, recorded, synthetic
from pipeline.corpus.source import Source

SOURCES: dict[str, Source] = {
    "folder": recorded.SOURCE,
    "speech_commands_v2": download.SOURCE,
    "synthetic": synthetic.SOURCE,
}
"""The names are those of ``CorpusSection.source``."""
