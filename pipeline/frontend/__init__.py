"""Audio to log-mel filter-bank energies, through the same C that the device runs."""

from pipeline.frontend.features import (
    context_hops,
    context_indices,
    encode,
    features,
    input_quantization,
    mel_power,
    native,
    window,
)
from pipeline.frontend.tables import Tables, make_tables, write_c

__all__ = [
    "Tables",
    "context_hops",
    "context_indices",
    "encode",
    "features",
    "input_quantization",
    "make_tables",
    "mel_power",
    "native",
    "window",
    "write_c",
]
