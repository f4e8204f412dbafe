"""One self-contained HTML page: waveform, score tracks, threshold, and events that can be clicked to hear them."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from pipeline.corpus.data import SAMPLE_RATE
from pipeline.listening.heard import Recorder
from pipeline.templates import templates

ENVELOPE_POINTS = 20_000
"""Most points of one waveform; a longer recording's are merged."""


def to_html(title: str, thresholds: Sequence[float], heard: Sequence[Recorder]) -> str:
    """The page.

    Args:
        title: what listened to what.
        thresholds: of every keyword, 0..1.
        heard: one finished recorder for every source.
    """
    data = [_track(recorder, thresholds) for recorder in heard]
    text = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")  # nothing in it ends the script
    return templates("pipeline.listening").get_template("page.html.j2").render(title=title, heard=heard, data=text)


def _track(recorder: Recorder, thresholds: Sequence[float]) -> dict[str, Any]:
    scores = np.array([step.scores for step in recorder.steps], np.float64).reshape(-1, len(recorder.keywords))
    return {
        "seconds": recorder.samples / SAMPLE_RATE,
        "keywords": recorder.keywords,
        "thresholds": list(thresholds),
        "envelope": _merged(np.array(recorder.envelope, np.int16).reshape(-1, 2)).tolist(),
        "times": [round(step.sample / SAMPLE_RATE, 3) for step in recorder.steps],
        "scores": np.nan_to_num(np.round(scores.T, 3)).tolist(),
        "events": [
            {"label": event.label, "score": round(event.score, 3), "at": event.seconds, "sound": _flac(sound)}
            for event, sound in zip(recorder.events, recorder.sounds, strict=True)
        ],
    }


def _merged(envelope: NDArray[np.int16]) -> NDArray[np.int16]:
    every = -(-len(envelope) // ENVELOPE_POINTS)
    if every <= 1:
        return envelope
    starts = np.arange(0, len(envelope), every)
    low, high = np.minimum.reduceat(envelope[:, 0], starts), np.maximum.reduceat(envelope[:, 1], starts)
    return np.stack([low, high], axis=1)


def _flac(pcm: NDArray[np.int16]) -> str:
    buffer = io.BytesIO()
    soundfile.write(buffer, pcm, SAMPLE_RATE, format="FLAC")
    return "data:audio/flac;base64," + base64.b64encode(buffer.getvalue()).decode()
