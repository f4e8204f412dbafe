"""Audio to log-mel filter-bank energies, through the same C that the device runs."""

from pipeline.frontend.features import (
    INPUT_QUANTIZATION,
    context_indices,
    encode,
    features,
    mel_power,
    native,
    window,
)
from pipeline.frontend.tables import Tables, make_tables, write_c

__all__ = [
    "INPUT_QUANTIZATION",
    "Tables",
    "context_indices",
    "encode",
    "features",
    "make_tables",
    "mel_power",
    "native",
    "window",
    "write_c",
]
