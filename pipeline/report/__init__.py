"""One run as data, as JSON and as a page to look at."""

from pipeline.report.advice import advice
from pipeline.report.data import (
    AccuracyRow,
    BoardRow,
    ConditionRow,
    Confusion,
    MemoryRow,
    Next,
    ParityRow,
    Provenance,
    Report,
    SplitRow,
    StageRow,
    WordRow,
)
from pipeline.report.device_data import Cost, DeviceRow, LayerRow, ListeningRow, RamRow
from pipeline.report.figures import FIGURES, Figure, read_report
from pipeline.report.render import write_report

__all__ = [
    "FIGURES",
    "AccuracyRow",
    "BoardRow",
    "ConditionRow",
    "Confusion",
    "Cost",
    "DeviceRow",
    "Figure",
    "LayerRow",
    "ListeningRow",
    "MemoryRow",
    "Next",
    "ParityRow",
    "Provenance",
    "RamRow",
    "Report",
    "SplitRow",
    "StageRow",
    "WordRow",
    "advice",
    "read_report",
    "write_report",
]
