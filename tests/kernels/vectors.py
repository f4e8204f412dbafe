"""Layers and inputs that a kernel may get wrong, and checks of what it gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lab.bench.calls import (
    AddLayer,
    DenseLayer,
    Features,
    FilterLayer,
    Input,
    Job,
    Layer,
    MeanLayer,
    Output,
    Vector,
    expected,
)
from lab.bench.runner import Result
from pipeline.quantization import CANONICAL_NAN, Columns, Filters, InputQuantization, quantize_columns, quantize_filters

f32 = np.float32


@dataclass(frozen=True)
class Case:
    """Jobs that belong together: the first one resets, the rest go on from there."""

    name: str
    jobs: tuple[Job, ...]


def check(cases: Sequence[Case], results: Sequence[Result], where: str) -> None:
    """Fails where a result is not the reference's, bit for bit."""
    names = [case.name for case in cases for _ in case.jobs]
    jobs = jobs_of(cases)
    for name, job, y, result in zip(names, jobs, expected(jobs), results, strict=True):
        place = f"{where}: {name}, {job.layer.inputs} -> {job.layer.outputs}"
        np.testing.assert_array_equal(result.y.view(np.uint32), y.view(np.uint32), err_msg=place)
        assert result.guards_intact, f"{place}: wrote outside its buffers"
        if not job.ranged:
            continue
        if np.isnan(y).any():
            nan = CANONICAL_NAN.view(np.uint32)
            assert result.low.view(np.uint32) == nan or result.high.view(np.uint32) == nan, place
        else:
            assert (result.low, result.high) == (y.min(), y.max()), place


def jobs_of(cases: Sequence[Case]) -> list[Job]:
    return [job for case in cases for job in case.jobs]


def single(name: str, layer: Layer, *inputs: Input) -> Case:
    return Case(name, (Job(layer, inputs),))


def floats(values) -> Vector:
    return Vector(np.asarray(values, f32))


def dense_layer(rng, inputs, outputs, bits, relu, *, spread=1.0) -> DenseLayer:
    weights = rng.normal(size=(inputs, outputs)) * spread / np.sqrt(inputs)
    return DenseLayer(quantize_columns(weights, rng.normal(size=outputs) * 0.1 * spread, bits), relu)


WIDTHS = (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 39, 40, 41, 63, 64, 65, 80, 81, 127, 129, 161, 440, 480, 481, 511)
WIDE = (512, 513, 520, 820, 960, 961, 1023, 1025, 2047, 4095, 4096)


def shape_cases(bits: int, *, most: int = 4096, seed: int = 0) -> list[Case]:
    """Odd sizes, tile and block boundaries, floats and features, with and without ReLU, with and without range."""
    rng = np.random.default_rng((bits, seed))
    cases = []
    for index, k in enumerate(k for k in (*WIDTHS, *WIDE) if k <= most):
        n = 1 + index % 9 if k < 200 else 1 + index % 5
        layer = dense_layer(rng, k, n, bits, bool(index % 2))
        x = rng.normal(size=k).astype(f32)
        quantization = InputQuantization(2.0 ** -int(rng.integers(8)), int(rng.integers(-128, 128)))
        features = Features(rng.integers(-128, 128, k, np.int8), quantization)
        cases += [
            single(f"{k}x{n}", layer, Vector(x)),
            single(f"{k}x{n} range given", layer, Vector(np.maximum(x, 0), scan=False)),
            single(f"{k}x{n} features", layer, features),
        ]
        if index % 3 == 0:
            cases += [Case(f"{k}x{n} no range", (replace(cases[-1].jobs[0], ranged=False),))]
    return cases


def bound_cases(bits: int, *, most: int = 4096) -> list[Case]:
    """Sums as large as they get: extreme codes of either sign, column by column, around every section's end."""
    cases = []
    h = 1 << (bits - 1)
    for k in (k for k in (40, 320, 480, 512, 513, 1024, 4096) if k <= most):
        rows = np.arange(k)
        codes = [
            np.full(k, h - 1),
            np.full(k, -h),
            rows % 2 * (2 * h - 1) - h,
            (rows < k // 2) * (2 * h - 1) - h,
            np.zeros(k),
            np.full(k, -1),
        ]
        offsets = np.array([-32512, 32512, 32512, -1, 255, -256], np.int16)
        # a sum that fits 16 bits is the only kind that there is
        fits = [abs(256 * int(c.sum()) + k * int(o)) < 2**21 for c, o in zip(codes, offsets, strict=True)]
        offsets = np.where(fits, offsets, [-256 * int(c.mean()) for c in codes]).astype(np.int16)
        columns = Columns(
            bits,
            np.stack(codes, axis=1).astype(np.int8),
            np.full(6, 1.5, np.float16),
            offsets,
            np.full(6, -3, np.float16),
        )
        layer = DenseLayer(columns)
        for name, x in (
            ("high", np.full(k, 127)),
            ("low", np.full(k, -128)),
            ("alternating", rows % 2 * 255 - 128),
            ("step", np.where(rows < k // 2, 127, -128)),
        ):
            cases.append(single(f"bound {k} {name}", layer, Features(x.astype(np.int8), InputQuantization(0.5, 3))))
        x = np.full(k, 1.0)
        x[0] = -1
        cases.append(single(f"bound {k} floats", layer, floats(x)))
    return cases


def special_vectors(count: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Inputs at the edges of float32 and of the frame quantizers."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=count).astype(f32)
    places = np.arange(count)
    steps = np.linspace(0, 253, count)
    negative_nan = x.copy()
    negative_nan.view(np.uint32)[count // 3] = 0xFFC12345
    return {
        "constant": np.full(count, 1.25),
        "negative constant": np.full(count, -1.25),
        "zero": np.zeros(count),
        "negative zero": np.full(count, -0.0),
        "mixed zeros": np.where(places % 2, -0.0, 0.0),
        "negative": -np.abs(x) - 1,
        "positive": np.abs(x) + 1,
        "far from zero": 1000 + x,
        "tiny range": 1 + x * 1e-12,
        "just below the least magnitude": np.linspace(0, 2.0**-64 * 0.999, count),
        "least magnitude": np.linspace(0, 2.0**-64, count),
        "least magnitude, negative": np.linspace(0, -(2.0**-64), count),
        "denormals": x * f32(1e-40),
        "one denormal": x * 0 + 1e-42,
        "denormals beside 1": np.where(places == 0, 1, x * f32(1e-40)),
        "huge": x * f32(2.0**60),
        "near the bound": np.where(places % 2, 2.0**63, -(2.0**63.9)),
        "largest valid": np.nextafter(np.full(count, 2.0**64, f32), f32(0)) * np.sign(x),
        "one ulp": np.where(places % 2, 1, 1 - 2.0**-24),
        "few ulps": 1 + places % 5 * 2.0**-23,
        "wide": np.exp2(np.linspace(-126, 60, count)),
        "ties": places - 0.5,
        "ties of codes": np.where(places % 2, np.floor(steps) + 0.5, np.round(steps)) * (places > 0)
        + 253 * (places == count - 1),
        "ties of codes, both signs": np.concatenate([[-127, 127], np.arange(count - 2) % 200 - 100 + 0.5]),
        "255.5": np.where(places == 0, 255.5, places % 255 + 0.5),
        "below 255.5": np.where(places == 0, np.nextafter(f32(255.5), f32(0)), places % 255),
        "127.5 and below 0": np.where(places == 0, 127.5, -(places % 127)),
        "-127.5": np.where(places == 0, -127.5, places % 127),
        "exact codes": places % 3 - 1.0,
        "at the bound": np.where(places == 5, 2.0**64, x),
        "infinite": np.where(places == count - 1, np.inf, x),
        "minus infinite": np.where(places == 0, -np.inf, x),
        "nan": np.where(places == count // 2, np.nan, x),
        "all nan": np.full(count, np.nan),
        "negative nan": negative_nan,
    }


def value_cases(bits: int) -> list[Case]:
    """Inputs and parameters at the edges of what they may be."""
    rng = np.random.default_rng((bits, 99))
    plain, relu = dense_layer(rng, 37, 6, bits, False), dense_layer(rng, 37, 6, bits, True)
    cases = []
    for name, values in special_vectors(37).items():
        x = values.astype(f32)
        cases += [single(name, layer, Vector(x)) for layer in (plain, relu)]
        if np.all(np.isfinite(x)):
            cases += [single(f"{name}, range given", plain, Vector(x, scan=False))]
    x = rng.normal(size=37).astype(f32)
    for name, spread in (("tiny", 2.0**-12), ("large", 2.0**10)):
        layer = dense_layer(rng, 37, 6, bits, True, spread=spread)
        cases += [single(f"{name} weights", layer, Vector(x)), single(f"{name} all", layer, Vector(x * f32(spread)))]
    constant = DenseLayer(quantize_columns(np.tile(np.linspace(-1, 1, 6), (37, 1)), np.linspace(-2, 2, 6), bits))
    cases += [single("constant columns", constant, Vector(x)), single("constant all", constant, Vector(x * 0 + 3))]
    # outputs around zero: sums that nearly cancel the bias, biases far above and far below the sum
    for exponent in range(-60, 60, 7):
        scale = f32(2.0**exponent)
        columns = quantize_columns(rng.normal(size=(37, 5)), rng.normal(size=5) * 2.0 ** rng.uniform(-13, 13, 5), bits)
        cases.append(single(f"biases beside 2^{exponent}", DenseLayer(columns, bool(exponent % 2)), Vector(x * scale)))
    return cases


def cancelling_cases(bits: int) -> list[Case]:
    """Sums that meet a bias of the same size and the opposite sign."""
    rng = np.random.default_rng((bits, 3))
    cases = []
    for index in range(12):
        columns = quantize_columns(rng.normal(size=(20, 8)), np.zeros(8), bits)
        x = (rng.normal(size=20) * np.exp2(rng.uniform(-6, 6))).astype(f32)
        y = next(expected([Job(DenseLayer(columns), (Vector(x),))]))
        bias = np.where(np.abs(y) < 2.0**-14, 0, -y).astype(np.float16)
        cases.append(single(f"cancelling {index}", DenseLayer(replace(columns, bias=bias)), Vector(x)))
    return cases


def random_cases(bits: int, count: int, *, most: int = 300, seed: int = 0) -> list[Case]:
    """Random shapes, magnitudes over many decades."""
    rng = np.random.default_rng((bits, seed, 7))
    cases = []
    for index in range(count):
        k, n = int(rng.integers(1, most)), int(rng.integers(1, 14))
        layer = dense_layer(rng, k, n, bits, bool(rng.integers(2)), spread=float(np.exp2(rng.uniform(-12, 10))))
        x = rng.normal(size=k) * np.exp2(rng.uniform(-50, 40)) + rng.choice([0, 1, 1e6, -3e-5])
        cases.append(single(f"random {index}", layer, floats(x)))
    return cases


def dense_cases(bits: int, *, most: int = 4096) -> list[Case]:
    return [
        *shape_cases(bits, most=most),
        *bound_cases(bits, most=most),
        *value_cases(bits),
        *cancelling_cases(bits),
        *random_cases(bits, 30, most=min(300, most)),
    ]


def frames(rng, count: int, channels: int) -> list[np.ndarray]:
    """Vectors of different loudness, some without negative values, some zero."""
    x = rng.normal(size=(count, channels)) * np.exp2(rng.uniform(-6, 6, size=(count, 1)))
    x = np.where(rng.integers(2, size=(count, 1)), np.maximum(x, 0), x)
    return list((x * (rng.uniform(size=(count, 1)) > 0.15)).astype(f32))


def sequence(name: str, layer: Layer, inputs: Sequence[Input]) -> Case:
    """The layer fed with one input after another."""
    jobs = (Job(layer, (x,), reset=index == 0, ranged=index % 3 != 1) for index, x in enumerate(inputs))
    return Case(name, tuple(jobs))


def filter_layer(rng, taps, channels, dilation, relu) -> FilterLayer:
    filters = quantize_filters(rng.normal(size=(taps, channels)), rng.normal(size=channels))
    return FilterLayer(filters, dilation, relu)


SHAPES = ((1, 1, 1), (2, 3, 1), (3, 4, 2), (5, 17, 1), (9, 8, 2), (9, 64, 2), (4, 5, 3), (15, 31, 1), (7, 33, 1))


def filter_cases(*, seed: int = 0) -> list[Case]:
    """Filters over sequences: sizes, dilations, features, specials."""
    rng = np.random.default_rng(seed)
    cases = []
    for index, (taps, channels, dilation) in enumerate(SHAPES):
        layer = filter_layer(rng, taps, channels, dilation, bool(index % 2))
        count = (taps - 1) * dilation + 4
        vectors = [Vector(x, scan=bool(index % 2)) for x in frames(rng, count, channels)]
        cases.append(sequence(f"filter {taps}x{channels} every {dilation}", layer, vectors))
        # without negative values, kernels skip the zeros
        vectors = [Vector(np.abs(x)) for x in frames(rng, count, channels)]
        cases.append(sequence(f"filter {taps}x{channels} of positive", layer, vectors))
    for taps, channels, zero_point in ((3, 40, -128), (4, 9, 100)):
        layer = filter_layer(rng, taps, channels, 1, False)
        rows = [
            Features(rng.integers(-128, 128, channels, np.int8), InputQuantization(0.03125, zero_point))
            for _ in range(6)
        ]
        cases.append(sequence(f"filter {taps}x{channels} of features", layer, rows))
    extremes = Filters(np.full((256, 3), -127, np.int8), np.ones(3, np.float16), np.zeros(3, np.float16))
    loud = [Vector(np.array([255, 254.6, 0], f32))] * 258
    cases.append(sequence("filter at its bounds", FilterLayer(extremes), loud))
    cases.append(sequence("specials", filter_layer(rng, 3, 37, 1, False), specials()))
    return cases


def specials() -> list[Vector]:
    return [Vector(values.astype(f32)) for values in special_vectors(37).values()]


def mean_cases() -> list[Case]:
    rng = np.random.default_rng(8)
    cases = []
    for count, channels in ((1, 5), (2, 4), (12, 64), (12, 7), (33, 9), (256, 2)):
        inputs = [Vector(x) for x in frames(rng, count + 3, channels)]
        cases.append(sequence(f"mean of {count}x{channels}", MeanLayer(channels, count), inputs))
        inputs = [Vector(np.abs(x)) for x in frames(rng, count + 3, channels)]
        cases.append(sequence(f"mean of {count}x{channels} positive", MeanLayer(channels, count), inputs))
    cases.append(sequence("mean of specials", MeanLayer(37, 3), specials()))
    return cases


def add_cases() -> list[Case]:
    rng = np.random.default_rng(9)
    cases = []
    for channels in (1, 2, 3, 4, 5, 8, 13, 64):
        for relu in (False, True):
            a = (rng.normal(size=channels) * np.exp2(rng.uniform(-20, 20, channels))).astype(f32)
            b = np.where(rng.integers(3, size=channels) == 0, -a, rng.normal(size=channels)).astype(f32)
            b = np.where(rng.integers(4, size=channels) == 0, -a * f32(1 + 2.0**-22), b).astype(f32)
            cases.append(single(f"add {channels}", AddLayer(channels, relu), Vector(a), Vector(b)))
            nan = np.full(channels, CANONICAL_NAN)
            cases.append(single(f"add {channels} to nothing", AddLayer(channels, relu), Vector(a), Vector(nan)))
            cases.append(single(f"add {channels} from nothing", AddLayer(channels, relu), Vector(nan), Vector(a)))
    return cases


def network_case(seed: int = 0, steps: int = 12) -> Case:
    """A small temporal network, step by step: layers feed each other through buffers."""
    rng = np.random.default_rng(seed)
    stem, point, out = (
        dense_layer(rng, 18, 12, 8, True),
        dense_layer(rng, 12, 12, 4, False),
        dense_layer(rng, 12, 3, 2, False),
    )
    over_time = filter_layer(rng, 5, 12, 2, False)
    jobs: list[Job] = []
    for step in range(steps):
        features = Features(rng.integers(-128, 128, 18, np.int8))
        jobs += [
            Job(stem, (features,), 0, 0, reset=step == 0),
            Job(over_time, (Output(0),), 1, 1, reset=False),
            Job(point, (Output(1),), 2, 2, reset=False, ranged=False),
            Job(AddLayer(12, True), (Output(0), Output(2)), 0, 3, reset=False),
            Job(MeanLayer(12, 4), (Output(0),), 1, 4, reset=False),
            Job(out, (Output(1),), 2, 5, reset=False, ranged=False),
        ]
    return Case("network", tuple(jobs))


def temporal_cases() -> list[Case]:
    return [*filter_cases(), *mean_cases(), *add_cases(), network_case()]
