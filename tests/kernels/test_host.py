"""The portable variants under AddressSanitizer and UndefinedBehaviorSanitizer, every buffer at its exact size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.bench.calls import AddLayer, DenseLayer, FilterLayer, MeanLayer, Vector
from lab.bench.image import build_host_runner
from lab.bench.runner import run_jobs_on_host
from pipeline.quantization.columns import quantize_columns
from pipeline.quantization.temporal import quantize_filters
from tests.kernels.vectors import Case, check, dense_cases, jobs_of, random_cases, sequence, single, temporal_cases

SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
ANY = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
FLOAT = st.floats(width=32, allow_nan=True)


@pytest.fixture(scope="module", params=["reference", "scalar"])
def runner(request, tmp_path_factory):
    program = build_host_runner(tmp_path_factory.mktemp("host"), request.param, flags=SANITIZERS)

    def run(cases: list[Case]) -> None:
        check(cases, run_jobs_on_host(program, request.param, jobs_of(cases)), request.param)

    return run


@pytest.mark.parametrize("bits", [8, 4, 2])
def test_dense_layers(runner, bits):
    runner([*dense_cases(bits), *random_cases(bits, 400, seed=1)])


def test_layers_over_time(runner):
    runner(temporal_cases())


@ANY
@given(st.lists(FLOAT, min_size=1, max_size=40), st.sampled_from([8, 4, 2]), st.booleans(), st.integers(0, 1000))
def test_any_float_vector(runner, values, bits, relu, seed):
    rng = np.random.default_rng(seed)
    x = Vector(np.array(values, np.float32))
    columns = quantize_columns(rng.normal(size=(len(values), 5)), rng.normal(size=5), bits)
    runner([single("any", DenseLayer(columns, relu), x)])


@ANY
@given(st.lists(st.lists(FLOAT, min_size=3, max_size=3), min_size=1, max_size=9), st.integers(1, 4), st.integers(0, 99))
def test_any_sequence(runner, rows, taps, seed):
    rng = np.random.default_rng(seed)
    filters = quantize_filters(rng.normal(size=(taps, 3)), rng.normal(size=3))
    inputs = [Vector(np.array(row, np.float32)) for row in rows]
    runner([sequence("filter", FilterLayer(filters), inputs), sequence("mean", MeanLayer(3, taps), inputs)])


OUTPUT = st.floats(-(2.0**100), 2.0**100, width=32).map(lambda value: value if abs(value) >= 2.0**-102 else 0.0)
"""What a layer may give: no subnormals, nor what is so small that a difference is one."""


@ANY
@given(st.lists(st.tuples(OUTPUT, OUTPUT), min_size=1, max_size=20), st.booleans())
def test_any_sum(runner, pairs, relu):
    a, b = np.array(pairs, np.float32).T + np.float32(0)
    runner([single("add", AddLayer(len(pairs), relu), Vector(a.copy()), Vector(b.copy()))])


def test_codes_near_ties(runner):
    """Values within a few units in the last place of every rounding tie, over many ranges."""
    rng = np.random.default_rng(5)
    layer = DenseLayer(quantize_columns(np.eye(256), np.zeros(256), 8))
    cases = []
    for _ in range(60):
        low = np.float32(rng.normal() * np.exp2(rng.uniform(-40, 40)))
        high = low + np.float32(abs(low) * np.exp2(rng.uniform(-7, 7)))
        step = (float(high) - float(low)) / 253
        ties = (float(low) + step * (np.arange(254) + 0.5)).astype(np.float32)
        ties = (ties.view(np.int32) + rng.integers(-3, 4, 254)).astype(np.int32).view(np.float32)
        x = np.concatenate([np.clip(ties, low, high), [low, high]]).astype(np.float32)
        cases += [single("ties", layer, Vector(x))]
        exact = np.float32(2.0 ** rng.integers(-20, 20)) * (rng.integers(-200, 300, 256) / np.float32(2))
        cases += [single("exact ties", layer, Vector(exact.astype(np.float32)))]
    runner(cases)
