"""From PCM to the int8 vector that a model sees."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from pipeline._native import frontend as native_frontend
from pipeline.errors import RecipeError
from pipeline.frontend.tables import make_tables
from pipeline.quantization import FrontendSettings, InputQuantization


@functools.cache
def native(settings: FrontendSettings) -> native_frontend.NativeFrontend:
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


def hops_in(samples: int, settings: FrontendSettings) -> int:
    """Number of whole windows in a clip."""
    return max(0, (samples - settings.window_samples) // settings.hop_samples + 1)


def mel_power(pcm: NDArray[np.int16], settings: FrontendSettings) -> NDArray[np.float32]:
    """Mel filter-bank powers of int16 ``[T]``: float32 ``[hops, bands]``, a row per hop, in squared PCM units."""
    return native(settings).power(pcm, hops_in(len(pcm), settings))


def encode(power: NDArray[np.float32]) -> NDArray[np.int8]:
    """Powers of any shape to int8 codes, ``5.5 * (log2(power) - 23)`` rounded and saturated at -127..127."""
    return native_frontend.encode(power)


def input_quantization(settings: FrontendSettings) -> InputQuantization:
    """What a code means to the model: roughly zero mean and unit variance over speech, the same for every model.

    ``settings`` leaves room for other encodings; today all share one.
    """
    del settings
    return InputQuantization(scale=0.03125, zero_point=0)


def context_hops(settings: FrontendSettings) -> int:
    """Hops from the first to the last row of a model input, both counted."""
    return (settings.context_frames - 1) * settings.context_stride + 1


def context_indices(settings: FrontendSettings) -> NDArray[np.int64]:
    """Hop of every row of a model input, relative to its first: int64 ``[context_frames]``."""
    return np.arange(settings.context_frames, dtype=np.int64) * settings.context_stride


def window(rows: NDArray[np.int8], start: int, settings: FrontendSettings) -> NDArray[np.int8]:
    """Model input ``[inputs]`` from rows ``[hops, bands]``, its oldest row at hop ``start``.

    Raises:
        RecipeError: the window does not fit in the rows.
    """
    if start < 0 or start + context_hops(settings) > len(rows):
        raise RecipeError(
            f"a context window of {context_hops(settings)} hops does not fit at hop {start} of {len(rows)}",
            "raise corpus.clip_seconds or lower frontend.context_frames",
        )
    return np.ascontiguousarray(rows[start + context_indices(settings)]).reshape(-1)


def features(pcm: NDArray[np.int16], settings: FrontendSettings) -> NDArray[np.int8]:
    """Model input of one clip, int8 ``[inputs]``: the context window in its middle.

    Raises:
        RecipeError: the clip is shorter than the context window.
    """
    rows = encode(mel_power(pcm, settings))
    return window(rows, (len(rows) - context_hops(settings)) // 2, settings)
