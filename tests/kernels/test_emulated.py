"""Every variant on its own emulated core gives the numpy reference's bits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lab.bench.calls import Vector
from lab.bench.cores import CORES
from lab.bench.image import Image, build_image
from lab.bench.runner import run_jobs
from pipeline.errors import ToolchainError
from tests.kernels.vectors import (
    Case,
    bound_cases,
    check,
    dense_cases,
    dense_layer,
    filter_cases,
    jobs_of,
    shape_cases,
    single,
    temporal_cases,
)


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


def run(image: Image, cases: list[Case]) -> None:
    check(cases, run_jobs(image, jobs_of(cases)), f"{image.core.name} {image.variant}")


@pytest.mark.parametrize("bits", [8, 4, 2])
@pytest.mark.parametrize("core", [name for name in CORES if name != "m0"])
def test_dense_layers_by_the_core_s_own_variant(images, core, bits):
    run(images(core), dense_cases(bits))


@pytest.mark.parametrize("core", [name for name in CORES if name != "m0"])
def test_layers_over_time_by_the_core_s_own_variant(images, core):
    run(images(core), temporal_cases())


def in_batches(cases: list[Case], most: int = 120_000) -> list[list[Case]]:
    """As many cases together as a board with little memory holds."""
    batches: list[list[Case]] = [[]]
    used = 0
    for case in cases:
        size = sum(
            200 + 4 * sum(x.values.nbytes if isinstance(x, Vector) else 64 for x in job.inputs) for job in case.jobs
        ) + sum({id(job.layer): 2 * job.layer.macs for job in case.jobs}.values())
        if used + size > most and batches[-1]:
            batches.append([])
            used = 0
        batches[-1].append(case)
        used += size
    return batches


@pytest.mark.parametrize("bits", [8, 4, 2])
def test_dense_layers_on_cortex_m0_within_its_16_kilobytes(images, bits):
    small = [case for case in dense_cases(bits, most=513) if case.jobs[0].layer.macs < 3000]
    large = [case for case in [*shape_cases(bits), *bound_cases(bits)] if case.jobs[0].layer.inputs > 4000]
    for cases in (*in_batches(small), *([case] for case in large[:4])):
        run(images("m0"), cases)


def test_layers_over_time_on_cortex_m0(images):
    for cases in in_batches([case for case in temporal_cases() if len(case.jobs) < 100]):
        run(images("m0"), cases)


@pytest.mark.parametrize("bits", [8, 4, 2])
def test_the_portable_reference_on_a_core(images, bits):
    run(images("m4", "reference"), [*dense_cases(bits), *(temporal_cases() if bits == 8 else [])])


@pytest.mark.parametrize("optimize", ["-O0", "-Os", "-O3"])
def test_optimisation_does_not_change_a_bit(images, optimize):
    for core in ("m4", "m55", "m3"):
        cases = [case for bits in (8, 4, 2) for case in dense_cases(bits, most=600)][::3]
        run(images(core, None, optimize), cases + temporal_cases()[::2])


AT_THE_END = [replace(CORES["m7"], blob=(0x60FF_0000, 0x1_0000)), replace(CORES["m55"], blob=(0x011F_0000, 0x1_0000))]
"""Cores whose jobs lie where the machine's memory ends."""


@pytest.fixture(scope="module", params=AT_THE_END, ids=lambda core: core.name)
def image_at_the_end(request, tmp_path_factory) -> Image:
    return build_image(request.param, tmp_path_factory.mktemp("end"))


@pytest.mark.parametrize("part", ["x", "weights", "columns"])
def test_nothing_is_read_beyond_an_array(image_at_the_end, part):
    image = image_at_the_end
    for bits in (8, 4, 2):
        cases = [case for case in shape_cases(bits, most=90) if case.jobs[0].layer.inputs in (1, 8, 41, 81)]
        for case in cases[::3] + cases[2::6]:  # floats; features
            check([case], run_jobs(image, case.jobs, ends_with=part), case.name)
    for case in filter_cases()[:8]:
        first = replace(case, jobs=case.jobs[:1])
        check([first], run_jobs(image, first.jobs, ends_with=part), case.name)


def test_reading_beyond_that_end_would_fault(image_at_the_end):
    layer = dense_layer(np.random.default_rng(0), 16, 3, 8, relu=True)
    short = single("short", layer, Vector(np.arange(15, dtype=np.float32)))
    with pytest.raises(ToolchainError, match="exit status 5"):
        run_jobs(image_at_the_end, short.jobs, ends_with="x")
