"""What the benchmark reports, and the floors that the kernels must not fall below."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from lab.bench.__main__ import main
from lab.bench.calls import DenseLayer, Features, Job, Vector
from lab.bench.cores import CORES, core_named
from lab.bench.count import Measurement, build_plugin, measure
from lab.bench.cycles import Counts, Instruction, cost, disassemble, estimate
from lab.bench.image import build_image, code_bytes
from lab.bench.loops import count, errors, fit
from lab.bench.peers import find_peer, peer_jobs, verify_peer
from lab.bench.report import from_json, regressions, to_json, to_markdown
from lab.bench.runner import Result, run_jobs, write_blob
from lab.bench.suite import Row
from lab.bench.workloads import perceptron, temporal_network, workloads
from pipeline.cost import blank_network, kernel_instructions
from pipeline.errors import ToolchainError, UsageError
from pipeline.layers import Filter
from pipeline.project import PROJECT
from pipeline.quantization import InputQuantization, quantize_columns
from pipeline.workflow.recipes import named_recipe

ROW = Row("m4", "cortex_m4_dsp", 8, "440x128", "floats", 56320, 57000, 81000, 2400, 56320, 1024, 924, 0)


@pytest.fixture(scope="module")
def tools(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    return build_plugin(folder), build_image(CORES["m4"], folder)


def layer_job(inputs: int, outputs: int, bits: int, source="floats") -> Job:
    rng = np.random.default_rng(3)
    weights = rng.normal(size=(inputs, outputs)) / np.sqrt(inputs)
    layer = DenseLayer(quantize_columns(weights, rng.normal(size=outputs) * 0.1, bits), relu=True)
    x = rng.normal(size=inputs).astype(np.float32)
    codes = Features((x * 40).astype(np.int8), InputQuantization(0.05078125, 2))
    return Job(layer, (Vector(x) if source == "floats" else codes,))


@pytest.mark.parametrize(("bits", "instructions", "cycles"), [(8, 0.98, 1.42), (4, 1.08, 1.39), (2, 0.78, 1.05)])
def test_a_whole_layer_stays_fast_on_cortex_m4(tools, bits, instructions, cycles):
    plugin, image = tools
    (measured,) = measure(image, plugin, [layer_job(440, 128, bits)])
    assert measured.instructions / (440 * 128) < instructions
    assert estimate(disassemble(image.elf), measured.counts) / (440 * 128) < cycles


@pytest.mark.parametrize(
    ("bits", "instructions", "cycles"), [(8, 118_000, 171_000), (4, 130_000, 168_000), (2, 95_000, 130_000)]
)
def test_a_whole_model_stays_fast_on_cortex_m4(tools, bits, instructions, cycles):
    plugin, image = tools
    measured = measure(image, plugin, perceptron(bits, "bytes").jobs)
    assert sum(one.instructions for one in measured) < instructions
    program = disassemble(image.elf)
    assert sum(estimate(program, one.counts) for one in measured) < cycles


@pytest.mark.parametrize("bits", [8, 4, 2])
def test_the_committed_figures_are_of_these_kernels(tools, bits):
    plugin, image = tools
    text = (PROJECT / "docs" / "bench" / "kernels.json").read_text()
    compiler = subprocess.run(["arm-none-eabi-gcc", "-dumpfullversion"], capture_output=True, text=True, check=True)
    if json.loads(text)["versions"]["GCC"] != compiler.stdout.strip():
        pytest.skip("another compiler counts otherwise")
    figures = from_json(text, "kernels.json")
    chosen = [w for w in workloads(bits) if w.what.startswith(("64x64", "default"))]
    assert len(chosen) == 3
    for one in chosen:
        measured = measure(image, plugin, one.jobs)[-one.counted :]
        row = figures["m4", "cortex_m4_dsp", bits, one.what, one.source]
        assert sum(each.instructions for each in measured) == row.instructions, f"{one.what}: run make bench"


def test_code_of_one_bit_width_is_small(tools):
    _, image = tools
    assert all(size <= 3100 for size in code_bytes(image).values()), code_bytes(image)


def test_counts_repeat_exactly(tools):
    plugin, image = tools
    jobs = [layer_job(128, 12, 4), layer_job(33, 7, 2, "bytes")]
    first, second = measure(image, plugin, jobs), measure(image, plugin, jobs)
    assert [one.counts for one in first] == [one.counts for one in second]


def test_helium_takes_a_third_of_the_instructions(tools, tmp_path):
    plugin, m4 = tools
    m55 = build_image(CORES["m55"], tmp_path)
    for bits in (8, 4, 2):
        job = layer_job(440, 128, bits)
        counts = [measure(image, plugin, [job])[0].instructions for image in (m4, m55)]
        assert counts[0] > 3 * counts[1], (bits, counts)


@pytest.mark.parametrize(
    ("text", "before", "cycles"),
    [
        ("smlad r4,r8,r0,r4", None, 1),
        ("ldr r0,[r1]", None, 2),
        ("ldr r0,[r1]", "ldr r2,[r1,#4]", 1),
        ("ldr r0,[r1]", "add r2,r1", 2),
        ("ldmia r12!,{r0,r1,r2,r3}", None, 5),
        ("ldmia.w r12!,{r0-r3}", None, 5),
        ("vldmia r0!,{s16-s31}", None, 17),
        ("push {r4,r5,lr}", None, 4),
        ("ldrd r0,r1,[r2]", None, 3),
        ("vmov r4,r5,s16,s17", None, 2),
        ("vmov r4,s16", None, 1),
        ("vadd.f32 s0,s1,s2", "vmul.f32 s2,s3,s4", 2),
        ("vadd.f32 s0,s1,s2", "vmul.f32 s5,s3,s4", 1),
        ("vdiv.f32 s0,s1,s2", None, 14),
        ("vfma.f32 s0,s1,s2", None, 3),
        ("udiv r0,r1,r2", None, 6),
    ],
)
def test_cycle_model(text, before, cycles):
    def parse(line):
        mnemonic, _, operands = line.partition(" ")
        return Instruction(mnemonic.split(".")[0], operands)

    assert cost(parse(text), parse(before) if before else None) == cycles


def test_estimate_adds_up_executions_and_branches():
    program = {0: Instruction("ldr", "r0,[r1]"), 4: Instruction("ldr", "r2,[r1,#4]"), 8: Instruction("bne", "0")}
    counts = {0: Counts(10, 9), 4: Counts(10, 0), 8: Counts(10, 0)}
    assert estimate(program, counts) == 10 * (2 + 1 + 1) + 9 * 2


def test_figures_survive_json_and_show_as_ratios():
    text = to_json([ROW], {"GCC": "12"})
    assert from_json(text, "x") == {ROW.key: ROW}
    page = to_markdown([replace(ROW, instructions=62700)], {ROW.key: ROW}, {"GCC": "12"})
    assert "| 1.100 |" in page
    assert regressions([replace(ROW, instructions=62700)], {ROW.key: ROW}, 0.01)
    assert not regressions([replace(ROW, instructions=57001)], {ROW.key: ROW}, 0.01)


def test_a_peer_stands_beside_the_kernels():
    peer = replace(ROW, variant="CMSIS-NN 1.2", source="bytes", instructions=114_000)
    rows = [ROW, replace(ROW, source="bytes", instructions=28_500), peer]
    page = to_markdown(rows, {}, {"GCC": "12"})
    assert "| m4 | 8 | 440x128 | 1.012 | 0.506 | 2.024 | 0.500 | 0.250 |" in page
    assert page.count("## Beside CMSIS-NN 1.2") == 1
    assert "Beside" not in to_markdown(rows[:2], {}, {"GCC": "12"})


def test_a_folder_that_is_no_peer_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no checkout of CMSIS-NN"):
        find_peer(tmp_path)


@pytest.mark.parametrize("bits", [8, 4])
def test_a_wrong_result_of_a_peer_is_refused(bits):
    _, job = next(
        (what, job) for what, job in peer_jobs([(8, 4)], 1000) if job.layer.packed("").numbers["bits"] == bits
    )
    _, wanted = job.layer.step(None, *job.inputs)
    y = np.zeros(4, np.float32)
    y.view(np.int8)[:4] = wanted
    verify_peer(job, Measurement(Result(y, np.float32(0), np.float32(0), True, 0, 0), ""), "m4")
    y.view(np.int8)[3] ^= 2
    with pytest.raises(ToolchainError, match="not what was asked for"):
        verify_peer(job, Measurement(Result(y, np.float32(0), np.float32(0), True, 0, 0), ""), "m4")


@pytest.mark.parametrize("text", ["", "[]", '{"format": 9, "rows": []}', '{"format": 1, "rows": [{"core": "m4"}]}'])
def test_a_foreign_baseline_is_refused(text):
    with pytest.raises(UsageError, match="no figures"):
        from_json(text, "some.json")


def test_bad_requests_are_refused_with_a_hint(tmp_path):
    with pytest.raises(UsageError, match="cores: m0"):
        core_named("m9")
    result = CliRunner().invoke(main, ["--core", "m4"])
    assert result.exit_code == UsageError.exit_code
    assert CliRunner().invoke(main, ["--help"]).exit_code == 0
    with pytest.raises(ToolchainError, match="too long"):
        write_blob([], "reference", tmp_path / ("x" * 60))


def test_a_wrong_image_is_an_error_not_a_hang(tmp_path):
    (tmp_path / "broken.elf").write_bytes(b"not an image")
    image = build_image(CORES["m4"], tmp_path)
    with pytest.raises(ToolchainError, match="failed"):
        run_jobs(replace(image, elf=tmp_path / "broken.elf"), [layer_job(8, 4, 8)])


@pytest.mark.parametrize("bits", [8, 4, 2])
def test_the_cost_model_knows_what_a_step_takes(tools, bits):
    plugin, image = tools
    workload = temporal_network(bits)
    taken = sum(one.instructions for one in measure(image, plugin, workload.jobs)[-workload.counted :])
    assert kernel_instructions(blank_network(named_recipe("wake_words"), bits)) == pytest.approx(taken, rel=0.02)


def test_parts_of_kernels_are_found_from_counts():
    counted = [({"x: call": 1, "x: tile": n}, 100 + 7 * n) for n in (1, 5, 9)]
    assert fit(counted) == pytest.approx({"x: call": 100, "x: tile": 7})
    typical, largest = errors(counted, {"x: call": 100, "x: tile": 8})["x"]
    assert largest == pytest.approx(9 / 163)
    assert 0 < typical < largest


def test_a_layer_is_counted_in_mid_stream(tools):
    plugin, image = tools
    rng = np.random.default_rng(0)
    layer = Filter.quantized("filter", rng.normal(size=(3, 8)), np.zeros(8))
    taken = count(image, plugin, layer, False, rng)
    assert len(taken) > 1
    assert max(taken) < 1.3 * min(taken)
