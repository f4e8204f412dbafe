"""A model is a list of layers: the types that there are, and what all of them have in common.

A type is registered by its entry in ``KINDS``; docs/extending.md lists the files that a new one needs.
"""

from pipeline.layers.add import Add
from pipeline.layers.base import Constant, Layer, Rows, Signal
from pipeline.layers.dense import Dense
from pipeline.layers.filter import Filter
from pipeline.layers.mean import Mean
from pipeline.layers.model import MODEL_INPUT, QuantizedModel
from pipeline.layers.reference import Stream, differing, layer_outputs, logits

KINDS: dict[str, type[Layer]] = {kind.kind: kind for kind in (Dense, Filter, Mean, Add)}

__all__ = [
    "KINDS",
    "MODEL_INPUT",
    "Add",
    "Constant",
    "Dense",
    "Filter",
    "Layer",
    "Mean",
    "QuantizedModel",
    "Rows",
    "Signal",
    "Stream",
    "differing",
    "layer_outputs",
    "logits",
]
