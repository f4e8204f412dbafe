"""The portable variants under AddressSanitizer and UndefinedBehaviorSanitizer, every buffer at its exact size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.bench.image import build_host_runner
from lab.bench.runner import Job, run_jobs_on_host
from pipeline.layers import Dense
from tests.kernels.vectors import all_cases, random_cases

SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")


@pytest.fixture(scope="module", params=["reference", "scalar"])
def runner(request, tmp_path_factory):
    return build_host_runner(tmp_path_factory.mktemp("host"), request.param, flags=SANITIZERS), request.param


def check(runner, cases) -> None:
    program, variant = runner
    for case, result in zip(cases, run_jobs_on_host(program, variant, [case.job for case in cases]), strict=True):
        np.testing.assert_array_equal(
            result.y.view(np.uint32), case.expected.view(np.uint32), err_msg=f"{variant}: {case.name}"
        )


@pytest.mark.parametrize("bits", [8, 4, 2])
def test_generated_vectors(runner, bits):
    check(runner, [*all_cases(bits), *random_cases(bits, 400, seed=1)])


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.floats(width=32, allow_nan=True), min_size=1, max_size=40),
    st.sampled_from([8, 4, 2]),
    st.booleans(),
    st.integers(0, 1000),
)
def test_any_float_vector(runner, values, bits, relu, seed):
    rng = np.random.default_rng(seed)
    x = np.array(values, np.float32)
    layer = Dense.quantized("any", rng.normal(size=(x.size, 5)), rng.normal(size=5), bits, relu=relu)
    program, variant = runner
    (result,) = run_jobs_on_host(program, variant, [Job(layer, x)])
    expected = layer.step(None, x)[1]
    np.testing.assert_array_equal(result.y.view(np.uint32), expected.view(np.uint32))


def test_scalar_codes_near_ties(runner):
    """Values within a few units in the last place of every rounding tie, over many ranges."""
    rng = np.random.default_rng(5)
    program, variant = runner
    layer = Dense.quantized("identity", np.eye(257), np.zeros(257), 8)
    jobs, expected = [], []
    for _ in range(60):
        low = np.float32(rng.normal() * np.exp2(rng.uniform(-40, 40)))
        high = low + np.float32(abs(low) * np.exp2(rng.uniform(-7, 7)))
        middle, step = low * np.float32(0.5) + high * np.float32(0.5), (high - low) / np.float32(254)
        ties = (middle + step * (np.arange(-127, 128) + np.float32(0.5))).astype(np.float32)
        ties = (ties.view(np.int32) + rng.integers(-3, 4, 255)).astype(np.int32).view(np.float32)
        x = np.concatenate([np.clip(ties, low, high), [low, high]]).astype(np.float32)
        jobs.append(Job(layer, x))
        expected.append(layer.step(None, x)[1])
    for result, want in zip(run_jobs_on_host(program, variant, jobs), expected, strict=True):
        np.testing.assert_array_equal(result.y.view(np.uint32), want.view(np.uint32))
