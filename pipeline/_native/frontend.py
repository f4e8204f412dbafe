"""firmware/lib/frontend on numpy arrays."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline._native.compiler import NativeLibrary, compile_library, declarations
from pipeline.project import PROJECT

COMPILES = ("firmware/lib/frontend",)

_ROWS = "void frontend_power_rows(const frontend_config_t *, const int16_t *, size_t hops, float *);"
"""What frontend_rows.c adds."""


def library() -> NativeLibrary:
    """The front end, compiled on first use."""
    folder = PROJECT / COMPILES[0]
    names = ("frontend_fft.c", "frontend_features.c", "frontend_stream.c")
    rows = Path(__file__).with_name("frontend_rows.c")
    return compile_library(
        "frontend", (*(folder / name for name in names), rows), declarations(folder / "frontend.h") + _ROWS
    )


class NativeFrontend:
    """One configuration, its tables kept alive for C.

    Args:
        sizes: the integer members of ``frontend_config_t`` by name.
        window, cosine, rising: float32 tables; segment_bins: uint8.
    """

    def __init__(
        self,
        sizes: dict[str, int],
        *,
        window: NDArray[np.float32],
        cosine: NDArray[np.float32],
        segment_bins: NDArray[np.uint8],
        rising: NDArray[np.float32],
    ) -> None:
        native = library()
        self._ffi, self._lib = native.ffi, native.lib
        floats = {"window": window, "cosine": cosine, "rising": rising}
        self._keep: list[Any] = [self._ffi.from_buffer("float[]", np.ascontiguousarray(t)) for t in floats.values()]
        members = dict(zip(floats, self._keep, strict=True))
        members["segment_bins"] = self._ffi.from_buffer("uint8_t[]", np.ascontiguousarray(segment_bins))
        self._keep.append(members["segment_bins"])
        self.config = self._ffi.new("frontend_config_t *", {**sizes, **members})

    def power(self, pcm: NDArray[np.int16], hops: int) -> NDArray[np.float32]:
        """Mel power of the first ``hops`` windows of ``pcm``, float32 ``[hops, bands]``; the GIL is free meanwhile."""
        pcm = np.ascontiguousarray(pcm, np.int16)
        out = np.empty((hops, self.config.bands), np.float32)
        self._lib.frontend_power_rows(
            self.config, self._ffi.from_buffer("int16_t[]", pcm), hops, self._ffi.from_buffer("float[]", out)
        )
        return out

    def stream(self, chunks: Iterable[NDArray[np.int16]]) -> NDArray[np.int8]:
        """Rows as the device makes them from live audio that arrives in ``chunks``: int8 ``[rows, bands]``."""
        ffi, lib, bands = self._ffi, self._lib, self.config.bands
        state = ffi.new("frontend_stream_t *")
        lib.frontend_stream_init(state, self.config)
        row = ffi.new("int8_t[]", bands)
        rows = []
        for chunk in chunks:
            data = ffi.from_buffer("int16_t[]", np.ascontiguousarray(chunk, np.int16))
            at, left = ffi.new("const int16_t **", data), ffi.new("size_t *", len(chunk))
            while lib.frontend_stream_push(state, at, left, row):
                rows.append(np.frombuffer(ffi.buffer(row), np.int8).copy())
        return np.stack(rows) if rows else np.empty((0, bands), np.int8)


def encode(power: NDArray[np.float32]) -> NDArray[np.int8]:
    """log2 codes of powers of any shape."""
    native = library()
    power = np.ascontiguousarray(power, np.float32)
    codes = np.empty(power.shape, np.int8)
    native.lib.frontend_encode(
        native.ffi.from_buffer("float[]", power), native.ffi.from_buffer("int8_t[]", codes), power.size
    )
    return codes
