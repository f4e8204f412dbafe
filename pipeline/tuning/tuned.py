"""What tuning found, written into a model. Apart from the search for it, which runs the device's C."""

from __future__ import annotations

from dataclasses import replace

from pipeline.layers import QuantizedModel
from pipeline.report.listening import Tuned


def tuned(model: QuantizedModel, found: Tuned) -> QuantizedModel:
    """The model with those thresholds and that smoothing in place of its own."""
    changed = {"thresholds": tuple(found.thresholds.values()), "smoothing_frames": found.smoothing_frames}
    return replace(model, detector=model.detector.model_copy(update=changed))
