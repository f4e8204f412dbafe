"""What layers that look back in time share: the frames that they keep."""

from __future__ import annotations

import numpy as np

from pipeline.errors import QuantizationError
from pipeline.layers.base import Layer, Rows, Signal
from pipeline.quantization import History, feature_history, quantize_history

MAX_STATE_BYTES = 65_535
"""Most bytes that one layer keeps: what a node of the C table can say."""


def history_of(signal: Signal) -> tuple[History, float]:
    """A signal as a frame ``[.., C]`` to keep, and its unit: features are codes already, in units of their scale."""
    if isinstance(signal, Rows):
        return feature_history(signal.codes, signal.quantization), signal.quantization.scale
    return quantize_history(signal), 1.0


def pushed(state: History, frame: History) -> History:
    """The last frames ``[.., T, C]``, newest first, after one more ``[.., C]``, which takes the oldest one's place."""
    frames = (*frame.exponent.shape, state.exponent.shape[-1] - 1)
    kept = some(state, slice(-1))
    return History(
        np.concatenate([frame.codes[..., None, :], np.broadcast_to(kept.codes, (*frames, kept.codes.shape[-1]))], -2),
        np.concatenate([frame.exponent[..., None], np.broadcast_to(kept.exponent, frames)], -1),
        np.concatenate([frame.zero[..., None], np.broadcast_to(kept.zero, frames)], -1),
    )


def some(state: History, which: slice) -> History:
    """Some of the frames ``[.., T, C]``, counted from the newest."""
    return History(state.codes[..., which, :], state.exponent[..., which], state.zero[..., which])


def history_bytes(channels: int, frames: int) -> int:
    """``DYNQ_HISTORY_BYTES``: a word, two bytes a frame, then the codes, in units of 4 and 8 bytes."""
    return 4 + (2 * frames + 3) // 4 * 4 + frames * ((channels + 7) // 8 * 8)


def m4_window_loops(where: str, channels: int, frames: int) -> dict[str, int]:
    """``m4_loops`` of a layer of so many channels that keeps a frame and reads so many back."""
    tiles = -(-channels // 4)
    loops = {
        "call": 1,
        "frame": frames,
        "tile": tiles,
        "frame of a tile": frames * tiles,
        "other channels": int(channels % 4 > 0),
        "channel": channels,
    }
    return {f"{where}: {name}": count for name, count in loops.items()}


def m4_window_bytes(frames: int) -> int:
    """``DYNQ_WINDOW_SCRATCH_BYTES`` where a pointer has 4 bytes."""
    return 12 * frames


def check_state(layer: Layer) -> None:
    """Refuses a layer that keeps more than a device can.

    Raises:
        QuantizationError: it does.
    """
    if layer.state_bytes > MAX_STATE_BYTES:
        raise QuantizationError(
            f"layer {layer.name} keeps {layer.state_bytes} bytes from step to step",
            f"at most {MAX_STATE_BYTES}: fewer channels, taps, frames or a smaller dilation",
        )
