"""Equality of models down to the bit, and strategies that draw them."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import strategies as st

from pipeline.config import Detector, Frontend
from pipeline.layers import Dense, Layer, QuantizedModel
from pipeline.quantization import InputQuantization


def assert_same_layer(a: Layer, b: Layer) -> None:
    assert (a.kind, a.name, a.sources, a.options()) == (b.kind, b.name, b.sources, b.options())
    left, right = a.constants("reference"), b.constants("reference")
    assert left.keys() == right.keys()
    for what, constant in left.items():
        assert constant.values.dtype == right[what].values.dtype
        assert constant.values.tobytes() == right[what].values.tobytes(), what


def assert_same_model(a: QuantizedModel, b: QuantizedModel) -> None:
    for what in ("name", "labels", "input", "frontend", "detector", "stride"):
        assert getattr(a, what) == getattr(b, what)
    assert len(a.layers) == len(b.layers)
    for left, right in zip(a.layers, b.layers, strict=True):
        assert_same_layer(left, right)


@st.composite
def models(draw: st.DrawFn) -> QuantizedModel:
    """Models of one to four layers with odd widths, constant columns, denormals and any labels."""
    bits = draw(st.sampled_from((8, 4, 2)))
    frames, bands = draw(st.integers(1, 5)), draw(st.sampled_from((20, 40)))
    hidden = draw(st.lists(st.integers(1, 20), max_size=3))
    labels = draw(
        st.lists(
            st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=8), min_size=1, max_size=5, unique=True
        )
    )
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    magnitude = np.float32(draw(st.sampled_from((1e-40, 1e-6, 1e-3, 1.0, 1e3))))
    sizes = (bands * frames, *hidden, len(labels))
    layers = []
    for i, (k, n) in enumerate(itertools.pairwise(sizes)):
        weights = (rng.normal(size=(k, n)) * magnitude).clip(-1.6e4, 1.6e4).astype(np.float32)
        weights[:, rng.random(n) < 0.2] = magnitude
        relu = bool(rng.integers(2))
        layers.append(Dense.quantized(f"dense_{i}", weights, rng.normal(size=n), bits, relu=relu))
    scale = draw(st.integers(1, 2**11 - 1)) * 2.0 ** draw(st.integers(-16, 5))
    return QuantizedModel(
        "drawn",
        tuple(layers),
        tuple(labels),
        InputQuantization(scale, draw(st.integers(-128, 127))),
        Frontend(bands=bands, context_frames=frames),
        Detector(
            threshold=draw(st.floats(0.01, 0.99)),
            smoothing_frames=draw(st.integers(1, 64)),
            refractory_ms=draw(st.integers(0, 65_535)),
        ),
    )
