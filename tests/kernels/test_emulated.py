"""Every variant on its own emulated core gives the numpy reference's bits."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.bench.cores import CORES
from pipeline.bench.image import Image, build_image
from pipeline.bench.runner import run_jobs
from tests.kernels.vectors import Case, all_cases, bound_cases, shape_cases


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Builds each image once."""
    folder = tmp_path_factory.mktemp("images")
    built: dict[tuple[str, str | None, str], Image] = {}

    def get(core: str, variant: str | None = None, optimize: str = "-O2") -> Image:
        key = (core, variant, optimize)
        if key not in built:
            built[key] = build_image(CORES[core], folder, variant=variant, optimize=optimize)
        return built[key]

    return get


def check(image: Image, cases: list[Case]) -> None:
    results = run_jobs(image, [case.job for case in cases])
    for case, result in zip(cases, results, strict=True):
        where = f"{image.core.name} {image.variant}: {case.name}, {case.job.layer.codes.shape}"
        np.testing.assert_array_equal(result.y.view(np.uint32), case.expected.view(np.uint32), err_msg=where)
        assert result.guards_intact, f"{where}: wrote outside y or scratch"
        if np.isnan(case.expected).any():
            assert result.low.view(np.uint32) == result.high.view(np.uint32) == 0x7FC00000, where
        else:
            assert (result.low, result.high) == (case.expected.min(), case.expected.max()), where


@pytest.mark.parametrize("bits", [8, 4, 2])
@pytest.mark.parametrize("core", [name for name in CORES if name != "m0"])
def test_the_cores_own_variant(images, core, bits):
    check(images(core), all_cases(bits))


@pytest.mark.parametrize("bits", [8, 4, 2])
def test_cortex_m0_within_its_16_kilobytes(images, bits):
    small = [case for case in all_cases(bits, most=513) if case.job.layer.inputs * case.job.layer.outputs < 3000]
    large = [case for case in [*shape_cases(bits), *bound_cases(bits)] if case.job.layer.inputs > 4000]
    for cases in (small[::2], small[1::2], *([case] for case in large[:4])):
        check(images("m0"), cases)


@pytest.mark.parametrize("bits", [8, 4, 2])
def test_the_portable_reference_on_a_core(images, bits):
    check(images("m4", "reference"), all_cases(bits))


@pytest.mark.parametrize("optimize", ["-O0", "-Os", "-O3"])
def test_optimisation_does_not_change_a_bit(images, optimize):
    for core in ("m4", "m55", "m3"):
        check(images(core, None, optimize), [case for bits in (8, 4, 2) for case in all_cases(bits, most=600)][::3])
