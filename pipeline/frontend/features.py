"""From PCM to the int8 vector that a model sees."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from pipeline._native import frontend as native_frontend
from pipeline.config import Frontend
from pipeline.errors import RecipeError
from pipeline.frontend.tables import make_tables
from pipeline.quantization import InputQuantization

INPUT_QUANTIZATION = InputQuantization(scale=0.03125, zero_point=0)
"""What a code means to every model: roughly zero mean and unit variance over speech."""


@functools.cache
def native(settings: Frontend) -> native_frontend.NativeFrontend:
    """The C front end set up for ``settings``.

    Raises:
        RecipeError: impossible settings.
        ToolchainError: no C compiler.
    """
    tables = make_tables(settings)
    sizes = {
        "window_samples": settings.window_samples,
        "hop_samples": settings.hop_samples,
        "bands": settings.bands,
        "context_frames": settings.context_frames,
        "context_stride": settings.context_stride,
        "first_bin": tables.first_bin,
    }
    return native_frontend.NativeFrontend(
        sizes,
        window=tables.window,
        cosine=tables.cosine,
        segment_bins=tables.segment_bins,
        rising=tables.rising,
    )


def hops_in(samples: int, settings: Frontend) -> int:
    """Number of whole windows in a clip."""
    return max(0, (samples - settings.window_samples) // settings.hop_samples + 1)


def mel_power(pcm: NDArray[np.int16], settings: Frontend) -> NDArray[np.float32]:
    """Mel filter-bank powers of int16 ``[T]``: float32 ``[hops, bands]``, a row per hop, in squared PCM units."""
    return native(settings).power(pcm, hops_in(len(pcm), settings))


def encode(power: NDArray[np.float32]) -> NDArray[np.int8]:
    """Powers of any shape to int8 codes, ``5.5 * (log2(power) - 23)`` rounded and saturated at -127..127."""
    return native_frontend.encode(power)


def context_indices(settings: Frontend) -> NDArray[np.int64]:
    """Hop of every row of a model input, relative to its first: int64 ``[context_frames]``."""
    return np.arange(settings.context_frames, dtype=np.int64) * settings.context_stride


def window(rows: NDArray[np.int8], start: int, settings: Frontend) -> NDArray[np.int8]:
    """Model input ``[inputs]`` from rows ``[hops, bands]``, its oldest row at hop ``start``.

    Raises:
        RecipeError: the window does not fit in the rows.
    """
    if start < 0 or start + settings.context_hops > len(rows):
        raise RecipeError(
            f"a context window of {settings.context_hops} hops does not fit at hop {start} of {len(rows)}",
            "raise corpus.clip_seconds or lower frontend.context_frames",
        )
    return np.ascontiguousarray(rows[start + context_indices(settings)]).reshape(-1)


def features(pcm: NDArray[np.int16], settings: Frontend) -> NDArray[np.int8]:
    """Model input of one clip, int8 ``[inputs]``: the context window in its middle.

    Raises:
        RecipeError: the clip is shorter than the context window.
    """
    rows = encode(mel_power(pcm, settings))
    return window(rows, (len(rows) - settings.context_hops) // 2, settings)
