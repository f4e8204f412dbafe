from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from elftools.elf.elffile import ELFFile
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline._native import compile_library
from pipeline.layers.dense_layout import VARIANTS
from pipeline.layers.dense_packing import pack
from pipeline.project import PROJECT
from pipeline.quantization import quantize_columns
from tests.tflm.wheel import INCLUDES

LIBRARIES = PROJECT / "firmware" / "lib"

CDEF = """
size_t dynq_weight_bytes(uint32_t inputs, uint32_t outputs, uint32_t bits);
size_t dynq_column_bytes(uint32_t outputs);
"""


def _library(variant: str):
    return compile_library(
        f"dynq-size-{variant}", (LIBRARIES / "dynq/dynq_size.c",), CDEF, (f"-DDYNQ_VARIANT_{variant.upper()}",)
    ).lib


@pytest.mark.parametrize("variant", VARIANTS)
@given(inputs=st.integers(1, 300), outputs=st.integers(1, 30), bits=st.sampled_from((8, 4, 2)))
@settings(max_examples=100, deadline=None)
def test_c_and_packer_agree_on_sizes(variant: str, inputs: int, outputs: int, bits: int) -> None:
    packed = pack(quantize_columns(np.eye(inputs, outputs), np.zeros(outputs), bits), variant)
    assert _library(variant).dynq_weight_bytes(inputs, outputs, bits) == len(packed.weights)
    assert _library(variant).dynq_column_bytes(outputs) == packed.columns.nbytes


@pytest.mark.parametrize(
    "shape", [(0, 1, 8), (1, 0, 8), (4097, 1, 8), (1, 4097, 8), (1, 1, 3), (1, 1, 0), (2**32 - 1, 1, 8)]
)
def test_no_size_for_layers_without_a_kernel(shape: tuple[int, int, int]) -> None:
    assert _library("reference").dynq_weight_bytes(*shape) == 0


@pytest.mark.parametrize(("widths", "kernels"), [(14, {"8", "4", "2"}), (12, {"8", "4"}), (2, {"2"})])
def test_an_operator_asks_for_the_kernels_of_its_widths_alone(tmp_path: Path, widths: int, kernels: set[str]) -> None:
    compiled = tmp_path / "operator.o"
    source = LIBRARIES / "tflm/dynq_fully_connected.cc"
    command = ["c++", "-std=c++17", "-fno-rtti", "-O2", *INCLUDES, f"-DDYNQ_TFLM_WIDTHS={widths}", "-c", str(source)]
    subprocess.run([*command, "-o", str(compiled)], check=True, timeout=120)
    with compiled.open("rb") as file:
        names = [symbol.name for symbol in ELFFile(file).get_section_by_name(".symtab").iter_symbols()]
    assert {name[-1] for name in names if name.startswith("dynq_dense_w")} == kernels
