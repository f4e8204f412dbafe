"""Weight packings: what each kernel variant of firmware/lib/dynq reads, written and read back from one description."""

from pipeline.quantization.packing.layout import COLUMN_TILE, DEVICE_BITS, VARIANTS, Layout, layout_of
from pipeline.quantization.packing.packed import PackedLayer, pack, unpack, unpack_parameters

__all__ = [
    "COLUMN_TILE",
    "DEVICE_BITS",
    "VARIANTS",
    "Layout",
    "PackedLayer",
    "layout_of",
    "pack",
    "unpack",
    "unpack_parameters",
]
