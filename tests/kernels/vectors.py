"""Layers and input vectors that a kernel may get wrong, with the numpy reference's answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lab.bench.runner import Job
from pipeline.layers import Dense, Rows
from pipeline.quantization import Columns, InputQuantization

f32 = np.float32
SMALLEST_NORMAL = f32(2.0**-126)


@dataclass(frozen=True)
class Case:
    """A job and the exact outputs it must give."""

    name: str
    job: Job
    expected: np.ndarray


def _layer(rng, inputs, outputs, bits, relu, *, spread=1.0) -> Dense:
    weights = rng.normal(size=(inputs, outputs)) * spread / np.sqrt(inputs)
    return Dense.quantized("random", weights, rng.normal(size=outputs) * 0.1 * spread, bits, relu=relu)


def float_case(name, layer, x, *, source="floats") -> Case:
    x = np.asarray(x, f32)
    return Case(name, Job(layer, x, source), layer.step(None, x)[1])


def bytes_case(name, layer, x, scale, zero_point) -> Case:
    rows = Rows(x, InputQuantization(scale, zero_point))
    job = Job(layer, x, "bytes", scale=float(f32(scale)), zero_point=zero_point)
    return Case(name, job, layer.step(None, rows)[1])


def shape_cases(bits: int, *, most: int = 4096, seed: int = 0) -> list[Case]:
    """Odd sizes, tile and block boundaries, both entry points, with and without ReLU."""
    rng = np.random.default_rng((bits, seed))
    cases = []
    inputs = [
        1,
        2,
        3,
        4,
        5,
        7,
        8,
        9,
        15,
        16,
        17,
        31,
        33,
        39,
        40,
        41,
        63,
        64,
        65,
        80,
        81,
        127,
        129,
        161,
        440,
        480,
        481,
        511,
        512,
        513,
        520,
        820,
        960,
        961,
        1023,
        1025,
        2047,
        4095,
        4096,
    ]
    for index, k in enumerate(k for k in inputs if k <= most):
        n = 1 + index % 9 if k < 200 else 1 + index % 5
        layer = _layer(rng, k, n, bits, bool(index % 2))
        cases.append(float_case(f"{k}x{n}", layer, rng.normal(size=k)))
        cases.append(float_case(f"{k}x{n} range given", layer, rng.normal(size=k), source="floats_with_range"))
        x = rng.integers(-128, 128, k).astype(np.int8)
        cases.append(bytes_case(f"{k}x{n} bytes", layer, x, rng.uniform(0.01, 0.1), int(rng.integers(-128, 128))))
    return cases


def bound_cases(bits: int, *, most: int = 4096) -> list[Case]:
    """Sums as large as they get: extreme codes of either sign, column by column, around every section's end."""
    cases = []
    top = (1 << bits) - 1
    ones = np.ones(6, f32)
    for k in (k for k in (40, 320, 480, 512, 513, 1024, 4096) if k <= most):
        columns = np.stack(
            [
                np.full(k, top),
                np.zeros(k),
                np.arange(k) % 2 * top,
                (np.arange(k) < k // 2) * top,
                np.full(k, top // 2),
                np.full(k, 1 << (bits - 1)),
            ],
            axis=1,
        ).astype(np.uint8)
        layer = Dense("bound", Columns(bits, columns, ones, -ones, ones * 3), False)
        for name, x in (
            ("high", np.full(k, 127)),
            ("low", np.full(k, -128)),
            ("alternating", np.arange(k) % 2 * 254 - 127),
            ("step", np.where(np.arange(k) < k // 2, 127, -127)),
        ):
            cases.append(bytes_case(f"bound {k} {name}", layer, x.astype(np.int8), 0.5, 3))
        x = np.full(k, 1.0)
        x[0] = -1
        cases.append(float_case(f"bound {k} floats", layer, x))
    return cases


def value_cases(bits: int) -> list[Case]:
    """Inputs and parameters at the edges of float32."""
    rng = np.random.default_rng((bits, 99))
    plain = _layer(rng, 37, 6, bits, False)
    relu = _layer(rng, 37, 6, bits, True)
    x = rng.normal(size=37).astype(f32)
    specials = {
        "constant": np.full(37, 1.25),
        "zero": np.zeros(37),
        "negative zero": np.full(37, -0.0),
        "mixed zeros": np.where(np.arange(37) % 2, -0.0, 0.0),
        "negative": -np.abs(x) - 1,
        "tiny range": 1 + x * 1e-12,
        "just below the least range": np.linspace(0, 2.0**-64 * 0.999, 37),
        "least range": np.linspace(0, 2.0**-64, 37),
        "denormals": x * f32(1e-40),
        "one denormal": x * 0 + 1e-42,
        "huge": x * f32(2.0**60),
        "near the bound": np.where(np.arange(37) % 2, 2.0**63, -(2.0**63.9)),
        "largest valid": np.nextafter(np.full(37, 2.0**64, f32), f32(0)) * np.sign(x),
        "one ulp": np.where(np.arange(37) % 2, 1, 1 - 2.0**-24),
        "few ulps": 1 + np.arange(37) % 5 * 2.0**-23,
        "wide": np.exp2(np.linspace(-126, 60, 37)),
        "ties": np.arange(37) - 0.5,
        "exact codes": np.arange(37) % 3 - 1.0,
        "at the bound": np.where(np.arange(37) == 5, 2.0**64, x),
        "infinite": np.where(np.arange(37) == 36, np.inf, x),
        "minus infinite": np.where(np.arange(37) == 0, -np.inf, x),
        "nan": np.where(np.arange(37) == 17, np.nan, x),
        "all nan": np.full(37, np.nan),
    }
    cases = []
    for name, values in specials.items():
        for layer in (plain, relu):
            cases.append(float_case(name, layer, values))
            if np.all(np.isfinite(values)):
                cases.append(float_case(f"{name}, range given", layer, values, source="floats_with_range"))
    negative_nan = x.copy()
    negative_nan.view(np.uint32)[9] = 0xFFC12345
    cases.append(float_case("negative nan", plain, negative_nan))
    for name, spread in (("tiny", 2.0**-60), ("large", 2.0**30)):
        cases.append(float_case(f"{name} weights", _layer(rng, 37, 6, bits, False, spread=spread), x))
        cases.append(
            float_case(f"{name} weights and frame", _layer(rng, 37, 6, bits, True, spread=spread), x * f32(spread))
        )
    constant = Dense.quantized("constant", np.tile(np.linspace(-1, 1, 6), (37, 1)), np.linspace(-2, 2, 6), bits)
    cases.append(float_case("constant columns", constant, x))
    cases.append(float_case("constant columns and frame", constant, x * 0 + 3))
    # every product and sum in the affine correction may become a denormal
    for exponent in range(-149, -100, 7):
        scale, offset = f32(2.0**-64 / 200), f32(1.5 * 2.0**exponent)
        codes = rng.integers(0, 1 << bits, (37, 5)).astype(np.uint8)
        bias = np.linspace(0, 1, 5).astype(f32) * offset
        columns = Columns(bits, codes, np.full(5, scale), np.full(5, offset), bias)
        layer = Dense("denormal", columns, bool(exponent % 2))
        cases.append(float_case(f"denormal outputs 2^{exponent}", layer, x * f32(2.0**-62)))
        cases.append(float_case(f"denormal offsets 2^{exponent}", layer, x))
    return cases


def random_cases(bits: int, count: int, *, most: int = 300, seed: int = 0) -> list[Case]:
    """Random shapes, magnitudes over many decades."""
    rng = np.random.default_rng((bits, seed, 7))
    cases = []
    for index in range(count):
        k, n = int(rng.integers(1, most)), int(rng.integers(1, 14))
        layer = _layer(rng, k, n, bits, bool(rng.integers(2)), spread=float(np.exp2(rng.uniform(-30, 20))))
        x = rng.normal(size=k) * np.exp2(rng.uniform(-50, 40)) + rng.choice([0, 1, 1e6, -3e-5])
        cases.append(float_case(f"random {index}", layer, x))
    return cases


def all_cases(bits: int, *, most: int = 4096) -> list[Case]:
    return [
        *shape_cases(bits, most=most),
        *bound_cases(bits, most=most),
        *value_cases(bits),
        *random_cases(bits, 30, most=min(300, most)),
    ]
