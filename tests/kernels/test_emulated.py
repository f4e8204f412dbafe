"""Every variant on its own emulated core gives the numpy reference's bits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lab.bench.cores import CORES
from lab.bench.image import Image, build_image
from lab.bench.runner import run_jobs
from pipeline.errors import ToolchainError
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
        where = f"{image.core.name} {image.variant}: {case.name}, {case.job.layer.inputs} x {case.job.layer.outputs}"
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


AT_THE_END = [replace(CORES["m7"], blob=(0x60FF_0000, 0x1_0000)), replace(CORES["m55"], blob=(0x011F_0000, 0x1_0000))]
"""Cores whose jobs lie where the machine's memory ends."""


@pytest.mark.parametrize("part", ["x", "weights", "columns"])
@pytest.mark.parametrize("core", AT_THE_END, ids=lambda core: core.name)
def test_nothing_is_read_beyond_an_array(tmp_path, core, part):
    image = build_image(core, tmp_path)
    for bits in (8, 4, 2):
        cases = [case for case in shape_cases(bits, most=90) if case.job.layer.inputs in (1, 8, 41, 81)]
        for case in cases[::3] + cases[2::6]:  # floats; bytes
            (result,) = run_jobs(image, [case.job], ends_with=part)
            np.testing.assert_array_equal(result.y.view(np.uint32), case.expected.view(np.uint32), err_msg=case.name)


@pytest.mark.parametrize("core", AT_THE_END, ids=lambda core: core.name)
def test_reading_beyond_that_end_would_fault(tmp_path, core):
    case = shape_cases(8, most=20)[-3]
    with pytest.raises(ToolchainError, match="exit status 5"):
        run_jobs(build_image(core, tmp_path), [replace(case.job, x=case.job.x[:-1])], ends_with="x")
