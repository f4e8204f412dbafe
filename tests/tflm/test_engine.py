"""The engine in TensorFlow Lite Micro. The search for the arena and the generated sources are tested everywhere; the
whole image only where TFLM_ROOT names a library for Cortex-M4 with hard floats, as no package repository has one."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.device.session import open_device
from pipeline.device.tflm import build_tflm_firmware, smallest_arena, with_arena_limit
from pipeline.errors import FirmwareError, ModelFileError
from pipeline.export import encode_reference_tflite, encode_tflite, op_resolver, operators, write_tflm_arrays
from pipeline.firmware import FirmwareImage, build_firmware
from pipeline.layers import layer_outputs
from tests.conftest import make_model, make_temporal_model

REFERENCE_OPERATORS = {
    "ADD",
    "CAST",
    "CEIL",
    "DIV",
    "FLOOR",
    "FULLY_CONNECTED",
    "GREATER_EQUAL",
    "MAXIMUM",
    "MUL",
    "NEG",
    "REDUCE_MAX",
    "REDUCE_MIN",
    "RELU",
    "RESHAPE",
    "ROUND",
    "SELECT_V2",
    "SUB",
    "SUM",
}


@given(smallest=st.integers(1, 2000), room=st.integers(0, 2000))
def test_bisection_finds_the_smallest_arena(smallest: int, room: int) -> None:
    asked: list[int] = []

    def works(arena: int) -> bool:
        asked.append(arena)
        return arena >= 16 * smallest

    assert smallest_arena(works, 16 * (smallest + room)) == 16 * smallest
    assert len(asked) <= 14
    assert all(arena % 16 == 0 for arena in asked)


def test_an_arena_that_never_suffices_is_an_error() -> None:
    with pytest.raises(FirmwareError, match="does not start with an arena of 4096 bytes"):
        smallest_arena(lambda arena: False, 4096)


def test_the_limit_is_changed_in_the_linked_file(tmp_path: Path) -> None:
    source = (
        'const volatile unsigned kws_arena_limit = 8192; const char after[] = "after";'
        "int main(void) { return kws_arena_limit == 4096 && after[0] == 'a' ? 0 : 1; }"
    )
    (tmp_path / "main.c").write_text(source)
    subprocess.run(["cc", "main.c", "-o", "firmware.elf"], cwd=tmp_path, check=True, timeout=60)
    image = FirmwareImage(tmp_path / "firmware.elf", "host", "tflm", "reference", "0", 0, 0, 0, 0, 0, 0)
    assert subprocess.run([str(image.elf)], timeout=10).returncode == 1
    changed = with_arena_limit(image, 4096, tmp_path / "changed.elf")
    assert subprocess.run([str(changed.elf)], timeout=10).returncode == 0


def test_the_resolver_has_exactly_the_models_operators() -> None:
    ours = op_resolver(encode_tflite(make_model()))
    assert "MicroMutableOpResolver<1>" in ours
    assert "return OperatorList<As<dynq::FullyConnected>>::AddTo(resolver);" in ours
    reference = encode_reference_tflite(make_model())
    assert set(operators(reference)) == REFERENCE_OPERATORS
    text = op_resolver(reference)
    assert f"MicroMutableOpResolver<{len(REFERENCE_OPERATORS)}>" in text
    for method in ("AddCast", "AddFullyConnected", "AddReduceMin", "AddRound"):
        assert f"if (resolver.{method}() != kTfLiteOk)" in text
    assert "dynq::" not in text


@given(st.binary(max_size=300))
def test_operators_of_damaged_files(data: bytes) -> None:
    with pytest.raises(ModelFileError):
        op_resolver(b"\x08\0\0\0TFL3" + b"\xff" * 8 + data)


def test_arrays_for_the_interpreter_hold_the_file(tmp_path: Path) -> None:
    model = make_model(2)
    write_tflm_arrays(model, "mve", tmp_path, source_hash="0" * 64, arena_bytes=4096)
    text = (tmp_path / "kws_tflite.c").read_text()
    numbers = text[text.index("= {") + 3 : text.index("};")].replace("\n", "")
    assert bytes(int(n) for n in numbers.split(",") if n.strip()) == encode_tflite(model, "mve")
    assert "#define KWS_ARENA_BYTES 4096" in (tmp_path / "kws_tflite.h").read_text()
    assert "constant_0_weights" not in (tmp_path / "kws_model.c").read_text()


@pytest.mark.skipif("TFLM_ROOT" not in os.environ, reason="TFLM_ROOT names no build of TensorFlow Lite Micro")
@pytest.mark.parametrize("bits", [8, 4, 2])
def test_the_whole_image_on_an_emulated_board(tmp_path: Path, bits: int) -> None:
    from pipeline.export import write_c_arrays

    model = make_model(bits, widths=(128, 128, 128), labels=8, frames=41)
    tflm = build_tflm_firmware("qemu", model, tmp_path / "tflm", Path(os.environ["TFLM_ROOT"]), source_hash="0" * 64)
    write_c_arrays(model, "cortex_m4_dsp", tmp_path / "aot/c", source_hash="0" * 64)
    aot = build_firmware("qemu", tmp_path / "aot/c", tmp_path / "aot")
    ticks = []
    for image in (aot, tflm):
        with open_device("qemu", image) as device:
            assert device.build.engine == image.engine
            for features in np.random.default_rng(bits).integers(-128, 128, (20, 820)).astype(np.int8):
                outputs = layer_outputs(model, features)
                inference = device.client.run(features)
                assert inference.logits.tobytes() == outputs[-1].tobytes()
                for layer, expected in enumerate(outputs):
                    assert device.client.dump(layer, features).tobytes() == expected.tobytes()
            ticks.append(inference.ticks)
            memory = device.client.memory()
    assert memory.buffers <= memory.arena <= memory.buffers + 64
    assert device.unit.of(ticks[1] - ticks[0]) <= 2500  # 300 to 500 an operator, by how the library was compiled
    # the interpreter, and where the library was not built for release its texts with what prints them
    assert (tflm.flash_bytes - tflm.model_bytes) - (aot.flash_bytes - aot.model_bytes) <= 44 * 1024


@pytest.mark.skipif("TFLM_ROOT" not in os.environ, reason="TFLM_ROOT names no build of TensorFlow Lite Micro")
@pytest.mark.parametrize("bits", [8, 4, 2])
def test_a_temporal_network_on_an_emulated_board(tmp_path: Path, bits: int) -> None:
    model = make_temporal_model(bits)
    root = Path(os.environ["TFLM_ROOT"])
    image = build_tflm_firmware("qemu", model, tmp_path / "tflm", root, source_hash="0" * 64)
    clips = np.random.default_rng(bits).integers(-30, 31, (6, 48, 20)).cumsum(axis=1)
    with open_device("qemu", image) as device:
        for clip in np.clip(clips, -128, 127).astype(np.int8).reshape(6, -1):
            outputs = layer_outputs(model, clip)
            assert device.client.run(clip).logits.tobytes() == outputs[-1].tobytes()
            for layer in range(0, len(outputs), 5):
                assert device.client.dump(layer, clip).tobytes() == outputs[layer].tobytes()
        memory = device.client.memory()
    assert model.state_bytes < memory.buffers <= memory.arena < 16_000
