"""One run as data, as JSON and as a page to look at."""

from pipeline.report.data import (
    AccuracyRow,
    Baseline,
    BoardRow,
    Confusion,
    DeviceRow,
    LayerRow,
    MemoryRow,
    ParityRow,
    Provenance,
    Report,
    StageRow,
)
from pipeline.report.render import write_report

__all__ = [
    "AccuracyRow",
    "Baseline",
    "BoardRow",
    "Confusion",
    "DeviceRow",
    "LayerRow",
    "MemoryRow",
    "ParityRow",
    "Provenance",
    "Report",
    "StageRow",
    "write_report",
]
